# frozen_string_literal: true

module LogContract
  # Exceptions in a text of several lines, Python's and Java's. contract/exceptions.ts does the same for check-logs.
  module Exceptions
    TRACEBACK = /\A(?: *\+ Exception Group )?Traceback \(most recent call last\):/.freeze
    NAMED = /\A([A-Za-z_][\w.]*)(?:: ?(.*))?\z/m.freeze
    IN_GROUP = /\A *\| ([A-Za-z_][\w.]*)(?:: (.*))?\z/.freeze
    JAVA = /\A(?:Exception in thread "[^"]*" |Caused by: )?((?:[A-Za-z_][\w$]*\.)*[A-Za-z_][\w$]*(?:Error|Exception))(?:: ?(.*))?\z/.freeze
    INDENTED = /\A(?:[ \t\r\n\f\v]|\z)/.freeze

    module_function

    # `exception.type` and `exception.message`; empty where the text is no exception.
    def attributes(text)
      lines = text.split("\n")
      begins = lines.rindex { |line| TRACEBACK.match?(line) }
      type, message = begins ? raised(lines[begins + 1..], lines[begins].include?("Group")) : java(lines.first.to_s)
      type ? { "exception.type" => type, "exception.message" => message.to_s } : {}
    end

    # The last traceback's exception, with every line of its message.
    def raised(lines, group)
      at = lines.index { |line| group ? IN_GROUP.match?(line) : !INDENTED.match?(line) }
      return nil if at.nil?

      match = group ? IN_GROUP.match(lines[at]) : NAMED.match(lines[at..].join("\n").sub(/[ \t\r\n\f\v]+\z/, ""))
      match && match.captures
    end

    def java(line)
      JAVA.match(line)&.captures
    end
  end
end
