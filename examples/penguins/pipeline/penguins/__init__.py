"""Trains a classifier of penguin species, once for each yearly batch of data.

Each step is a command of its own (`python -m penguins STEP`), so that each can run in a container of its
own; they pass what they make on by files. See README.md.
"""
