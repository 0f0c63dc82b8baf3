# frozen_string_literal: true

require_relative "log_contract"

module LogContract
  # Joins the lines of one file to records: a line that begins no record belongs to the one before, and where there is
  # none, it begins one. contract/joinRecords.ts does the same for check-logs; a test compares the two.
  class Joiner
    BLANK = /\A[ \t\r\n\f\v]*\z/.freeze
    # Also the end of what was printed over several lines, as of JSON, and what is around a traceback of another process.
    INDENTED = /\A(?:[ \t\r\n\f\v]|\z|(?:[\])}]+[,;]?|""")\r?\z)/.freeze
    # What torchrun puts before each line.
    RANK_PREFIX = /\A\[rank\d+\]: /.freeze
    TRACEBACK = /\ATraceback \(most recent call last\):/.freeze
    # Between the tracebacks of chained exceptions, Python's and Java's.
    CHAINED = /\A(?:During handling of the above exception|The above exception was the direct cause|Caused by: )/.freeze
    EXCEPTION = /\A(?:[A-Za-z_][\w$]*\.)*[A-Za-z_][\w$]*(?:Error|Exception)(?::|[ \t\r\n\f\v]*\z)/.freeze
    # Go, Rust and CPython. The process has ended, but for another goroutine's report.
    PANIC = /\A(?:(?:panic|fatal error|Fatal Python error): |thread '[^'\n]*' (?:\(\d+\) )?panicked at )/.freeze
    # tqdm's bars, those of brackets and a percentage, Keras 3's, Spark's.
    PROGRESS = %r{\dit \[\d\d:|\d/\d+(?:\e\[[\d;]*m|[ \t])*━{5,}|\d%\|[^|]*\||\d%?[ \t]*\[[=>.#\- ]{5,}\]|\[[=>.#\- ]{5,}\][ \t]*\d|\[Stage \d+:[=> ]+\(}.freeze
    # A record that is longer ends, so that it does not fill the memory: its text is cut far below anyway.
    MAX_BYTES = 1024 * 1024
    # Lines of an exception's message after its first.
    MAX_MESSAGE_LINES = 20
    QUIET_SECONDS = 0.5
    PROGRESS_SECONDS = 1.0

    # Bytes of the file before the record.
    attr_reader :offset

    # start: what the first line of a record looks like, or nil for the rules above
    # known: whether a line is a record of some format; without it, no line is taken for the rest of a message
    def initialize(start = nil, known = nil)
      @start = start
      @known = known
      @text = nil
    end

    # Takes the next line, without its line break.
    # Returns the record that is complete by it as [text, offset], or nil.
    def add(line, offset, now)
      line = last_state(line) if line.include?("\r")
      whole = line
      prefix = RUNTIME_PREFIX.match(line)
      line = prefix.post_match if prefix
      line = line.sub(RANK_PREFIX, "") if line.start_with?("[rank")
      # The container runtime has split the line.
      part = @goes_on && prefix
      @goes_on = prefix && prefix[2] == "P"
      progress = PROGRESS.match?(line)
      if progress && @progress && now - @since < PROGRESS_SECONDS
        @text = whole
        @offset = offset
        return nil
      end
      if continues?(line, progress, part)
        @text << "\n" unless part
        @text << line
        @last = now
        return nil
      end

      complete = take
      @text = +whole
      @offset = offset
      @progress = progress
      @state = first_state(line)
      @since = @last = now
      complete
    end

    # Whether the record waits for no more lines.
    def quiet?(now)
      return false if @text.nil?

      @progress ? now - @since >= PROGRESS_SECONDS : now - @last >= QUIET_SECONDS
    end

    # The record so far as [text, offset]; nil if there is none.
    def take
      return nil if @text.nil?

      record = [@text, @offset]
      @text = @offset = nil
      record
    end

    private

    def continues?(line, progress, part)
      return false if @text.nil? || @progress || progress || @text.bytesize > MAX_BYTES
      return true if part
      return !@start.match?(line) if @start
      @message_lines = MAX_MESSAGE_LINES if @state == :exception && line.empty?
      return true if INDENTED.match?(line) || (@state == :stack && line.start_with?("> "))

      if TRACEBACK.match?(line)
        # A second one that is not chained to the first is another record.
        continues = @state != :exception
        @state = :stack
        continues
      elsif CHAINED.match?(line)
        @state = :chained
      elsif @state == :stack
        # The exception ends its traceback, whatever its name is.
        @message_lines = 0
        @state = :exception
      else
        EXCEPTION.match?(line) || report?(line)
      end
    end

    def first_state(line)
      return :stack if TRACEBACK.match?(line)

      PANIC.match?(line) ? :panic : nil
    end

    # What no format knows after an exception or a panic belongs to its message or its report.
    def report?(line)
      return false if @known.nil? || (@state != :exception && @state != :panic) || @known.call(line)

      @state == :panic || (@message_lines += 1) <= MAX_MESSAGE_LINES
    end

    # What a terminal would show of a progress bar that is drawn over itself, and every other text.
    def last_state(line)
      # Keras draws over a bar by backspaces.
      states = line.delete("\b").sub(/(?<!\r)\r+\z/, "").split("\r")
      return line if states.none? { |state| PROGRESS.match?(state) }

      last = states.rindex { |state| PROGRESS.match?(state) }
      states.reject.with_index { |state, index| BLANK.match?(state) || (index != last && PROGRESS.match?(state)) }.join("\n")
    end
  end
end
