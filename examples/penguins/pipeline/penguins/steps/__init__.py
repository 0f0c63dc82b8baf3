"""The steps, one file each: `run_step(artefacts, run, task)` reads files, writes files and reports facts."""
