# frozen_string_literal: true

require "json"

# The log contract as log_contract.json has it, which is rendered beside the plugins: contract/events.ts and formats.ts
# are its source.
module LogContract
  CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/.freeze
  MAX_KEY = 128
  # Times are kept up to this; the rest of a nanosecond time says which line of its file it is.
  FINEST_TICK = 1_000
  # A line with a time is at least so long: two of them are never in one such part of a file.
  LEAST_LINE = 16

  # What the container runtime puts before each line in the node's files; P is a part of a line.
  RUNTIME_PREFIX = /\A(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) std(?:out|err) ([FP]) /.freeze

  # White space at the end of a text. Without the look-behind each place of a run of spaces inside of the text would be
  # tried as the begin, and a long one take seconds.
  TRAILING_SPACE = /(?<![ \t\r\n\f\v])[ \t\r\n\f\v]+\z/.freeze

  # Valid UTF-8: bytes that are no UTF-8 are written as \xHH.
  def self.valid_text(text)
    text.valid_encoding? ? text : text.scrub { |bytes| bytes.each_byte.map { |byte| Kernel.format("\\x%02X", byte) }.join }
  end

  # What the plugins know of the contract, and the texts of its events.
  class Contract
    # Where it is rendered.
    PATH = File.join(__dir__, "log_contract.json").freeze

    attr_reader :events, :common, :required, :severities, :aliases, :defaults, :custom_event, :reserved_events, :tag_names,
                :max_tag, :max_text, :formats, :severity_numbers, :severity_number_keys, :zone_offsets

    # The contract in a file; a process has it once.
    def self.load(path)
      @loaded ||= {}
      @loaded[path] ||= new(JSON.parse(File.read(path), freeze: true))
    end

    def initialize(data)
      @events = data.fetch("events")
      @common = data.fetch("common")
      @required = data.fetch("required")
      @severities = data.fetch("severities")
      @aliases = data.fetch("aliases")
      @severity_numbers = data.fetch("severityNumbers")
      @severity_number_keys = data.fetch("severityNumberKeys")
      @zone_offsets = data.fetch("zoneOffsets")
      # What the sidecar knows of its application; the aggregator has the environment only.
      @defaults = data.fetch("defaults")
      @custom_event = Regexp.new(data.fetch("customEventName"))
      @reserved_events = data.fetch("reservedEvents")
      @tag_names = data.fetch("tagNames")
      @max_text = data.fetch("maxTextBytes")
      @max_tag = data.fetch("maxTagBytes")
      @formats = data.fetch("formats")
    end

    # Valid UTF-8 without the line breaks at its end: bytes that are no UTF-8 are written as \xHH.
    def readable(line)
      text = line.encoding == Encoding::UTF_8 ? line : line.dup.force_encoding(Encoding::UTF_8)
      text = LogContract.valid_text(text)
      # A byte order mark, at the begin of a file of Windows
      text = text.delete_prefix("\uFEFF")
      text = text.sub(/(?<![\r\n])[\r\n]+\z/, "") if text.end_with?("\r", "\n")
      text.include?("\r\n") ? text.gsub("\r\n", "\n") : text
    end

    # A text of a field: no control characters, and not longer than InfluxDB takes.
    def bounded(text)
      text = text.scrub("?") unless text.valid_encoding?
      text = text.gsub(CONTROL) { |char| format("\\x%02X", char.ord) } if CONTROL.match?(text)
      return text if text.bytesize <= @max_text

      "#{text.byteslice(0, @max_text).scrub('')}…[cut: #{text.bytesize} bytes]"
    end

    # A dead letter as an event: a point that InfluxDB refused, or Fluentd's message on a chunk that it cannot read.
    # nil for the point of such an event: it must not be counted again, for ever.
    def dead_letter(line, time, offset)
      return nil if line.start_with?("log.dead_letter")

      {
        "event_name" => "log.dead_letter",
        "service.name" => "fluentd-aggregator",
        "dead_letter.line" => bounded(readable(line)),
        "time_unix_nano" => time.to_i * 1_000_000_000 + time.nsec / FINEST_TICK * FINEST_TICK + offset.to_i / LEAST_LINE % FINEST_TICK
      }.merge(@defaults)
    end
  end
end
