# frozen_string_literal: true

# Turns log lines into events of the log contract (sidecar), and events into InfluxDB line protocol (aggregator).
#
# Loaded into the stock Fluentd with `-r` and called from record_transformer. log_contract.json, rendered beside it,
# holds the contract: contract/events.ts and formats.ts are its source. The parts of the module are in files of their
# own, loaded below.

require "json"
require "time"
require "zlib"

module LogContract
  DATA = JSON.parse(File.read(File.join(__dir__, "log_contract.json")), freeze: true)
  EVENTS = DATA.fetch("events")
  COMMON = DATA.fetch("common")
  FORMATS = DATA.fetch("formats").transform_values do |format|
    format.merge("regexps" => format.fetch("regexps").map { |source| Regexp.new(source) }).freeze
  end.freeze
  REQUIRED = DATA.fetch("required")
  SEVERITIES = DATA.fetch("severities")
  ALIASES = DATA.fetch("aliases")
  # What the sidecar knows of its application; the aggregator has the environment only.
  DEFAULTS = DATA.fetch("defaults")
  CUSTOM_EVENT = Regexp.new(DATA.fetch("customEventName").sub(/\A\^/, '\A').sub(/\$\z/, '\z'))
  MAX_TEXT = DATA.fetch("maxTextBytes")

  MAX_KEYS = 64
  MAX_KEY_BYTES = 128
  POD = ENV.fetch("POD_NAME", "")

  CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/.freeze

  module_function

  # One line (or one record of several lines) as an event: a flat Hash with `event_name` and `time_unix_nano`.
  # nil for a blank line, which says nothing.
  #
  # time: a Time, when the line was read, used where the line has no time of its own
  # file: path it was read from; format: a key of FORMATS
  def normalise(line, time, file, format)
    text = readable(line)
    return nil if text.match?(/\A\s*\z/)

    event = parse(text, FORMATS.fetch(format)) || unparsed(text)
    complete(event, time, text, file)
  rescue StandardError => error
    # A mistake here must cost no line.
    complete(unparsed(text.to_s.scrub("?")).merge("contract.error" => error.message[0, 200]), time, text.to_s, file)
  end

  def complete(event, time, text, file)
    event["log.file.name"] = source_name(file) if event["event_name"].start_with?("log")
    event["k8s.pod.name"] = POD if event["event_name"].start_with?("log") && !POD.empty?
    DEFAULTS.each { |key, value| event[key] ||= value }
    event["time_unix_nano"] = distinct(event.delete("time_unix_nano"), time, text, file)
    event
  end

  # A dead letter as an event: a point that InfluxDB refused, or Fluentd's message on a chunk it cannot read.
  # nil for the point of such an event.
  def dead_letter(line, time)
    return nil if line.start_with?("log.dead_letter")

    {
      "event_name" => "log.dead_letter",
      "service.name" => "fluentd-aggregator",
      "dead_letter.line" => bounded(readable(line)),
      "time_unix_nano" => distinct(nil, time, line, "dead_letter")
    }.merge(DEFAULTS)
  end

  # Passes on what Fluentd says. A timer that has failed is never started again: of in_tail's, no new file would be found.
  def begin_anew(message)
    Process.kill("TERM", Process.pid) if /\A(?:\[[^\]]+\] )?Timer detached/.match?(message)
    message
  end

  # Valid UTF-8 without control characters: bytes that are neither are written as \xHH.
  def readable(line)
    text = line.encoding == Encoding::UTF_8 ? line : line.dup.force_encoding(Encoding::UTF_8)
    text = text.scrub { |bytes| bytes.each_byte.map { |byte| format("\\x%02X", byte) }.join } unless text.valid_encoding?
    text.sub(/[\r\n]+\z/, "").gsub("\r\n", "\n")
  end

  def bounded(text)
    text = text.scrub("?") unless text.valid_encoding?
    text = text.gsub(CONTROL) { |char| format("\\x%02X", char.ord) } if CONTROL.match?(text)
    return text if text.bytesize <= MAX_TEXT

    "#{text.byteslice(0, MAX_TEXT).scrub('')}…[cut: #{text.bytesize} bytes]"
  end

  # Numbers and random parts of a file's name would make a series each, as would those of rotated files.
  def source_name(file)
    File.basename(file.to_s).sub(/\.log[.\-].*\z/, ".log").gsub(/[0-9a-f]{6,}|\d+/, "*")
  end
end

%w[log_parsing log_events line_protocol spooled_files].each { |part| require_relative part }
