# frozen_string_literal: true

require_relative "log_contract"

module LogContract
  # Exceptions in a text of several lines. contract/exceptions.ts does the same for check-logs.
  module Exceptions
    TRACEBACK = /\A(?: *\+ Exception Group )?Traceback \(most recent call last\):/.freeze
    NAMED = /\A([A-Za-z_][\w.]*)(?:: ?(.*))?\z/m.freeze
    IN_GROUP = /\A *\| ([A-Za-z_][\w.]*)(?:: (.*))?\z/.freeze
    JAVA = /\A(?:Exception in thread "[^"]*" |Caused by: |Unhandled exception\. |Uncaught )?((?:[A-Za-z_][\w$]*\.)*[\w$]*(?:Error|Exception))(?:: ?(.*))?\z/.freeze
    PANIC = /\A(?:(panic|fatal error|Fatal Python error): (.*)|thread '[^'\n]*' (?:\(\d+\) )?(panic)ked at (.*))\z/.freeze
    # Raised before anything of the file runs: it has no traceback.
    SYNTAX = /\A((?:Syntax|Indentation|Tab)Error)(?:: ?([^\n\r\u2028\u2029]*))?\z/.freeze
    # loguru marks a line of its stack by `> `.
    INDENTED = /\A(?:[ \t\r\n\f\v]|> |\z)/.freeze

    module_function

    # `exception.type` and `exception.message`; empty where the text is no exception.
    def attributes(text)
      lines = text.split("\n")
      begins = lines.rindex { |line| TRACEBACK.match?(line) }
      type, message = begins ? raised(lines[begins + 1..], lines[begins].include?("Group")) : named(lines.first.to_s, lines.last.to_s)
      type ? { "exception.type" => type, "exception.message" => message.to_s } : {}
    end

    # The last traceback's exception, with every line of its message.
    def raised(lines, group)
      at = lines.index { |line| group ? IN_GROUP.match?(line) : !INDENTED.match?(line) }
      return nil if at.nil?

      match = group ? IN_GROUP.match(lines[at]) : NAMED.match(lines[at..].join("\n").sub(TRAILING_SPACE, ""))
      match && match.captures
    end

    def named(first, last)
      (JAVA.match(first) || PANIC.match(first) || SYNTAX.match(last))&.captures&.compact
    end
  end
end
