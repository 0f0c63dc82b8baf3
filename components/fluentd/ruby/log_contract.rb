# frozen_string_literal: true

# Turns log lines into events of the log contract (sidecar), and events into InfluxDB line protocol (aggregator).
#
# Loaded into the stock Fluentd with `-r` and called from record_transformer. log_contract.json, rendered beside it,
# holds the contract: contract/events.ts and formats.ts are its source.

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
  MAX_TAG = DATA.fetch("maxTagBytes")

  # Attributes that are tags, in the order of the tags: by event, and of events that the contract doesn't know.
  tags = ->(attributes) { attributes.filter_map { |key, one| [key, one["tag"]] if one["tag"] }.sort_by(&:last).to_h.freeze }
  TAGS = EVENTS.transform_values(&tags).freeze
  COMMON_TAGS = tags.call(COMMON)

  MAX_KEYS = 64
  MAX_KEY_BYTES = 128
  MAX_DEPTH = 4
  POD = ENV.fetch("POD_NAME", "")

  ANSI = /\e\[[0-9;?]*[A-Za-z]/.freeze
  CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/.freeze
  NUMBER = /\A[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\z/.freeze
  RFC3339 = /\A(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?\s?(Z|z|[+-]\d\d:?\d\d)?\z/.freeze
  ACCESS_TIME = %r{\A\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\z}.freeze
  EPOCH = /\A(\d{10})(?:\.(\d{1,9})\d*|(\d{3})|(\d{6})|(\d{9}))?\z/.freeze
  PAIR = /(?:\A|\s)([A-Za-z_][\w.\-]*)=("(?:[^"\\]|\\.)*"|\S*)/m.freeze
  EXCEPTION = /\A([A-Za-z_][\w.]*)(?::\s?(.*))?\z/m.freeze
  IDENTIFIER = /\A(?:\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|.*\d.*\d.*\d.*)\z/.freeze
  # 2001 to 2096, in nanoseconds. A time that 64 bits can't hold makes in_tail drop the whole batch that it is in.
  PLAUSIBLE = (1_000_000_000_000_000_000...4_000_000_000_000_000_000).freeze
  TICKS = [1_000_000_000, 1_000_000, 1_000].freeze
  GROUPS = { "time" => "timestamp", "level" => "severity_text", "body" => "body", "logger" => "log.logger" }.freeze
  # InfluxDB's own column names: a field of such a name is refused or hides the column. And the key of an event's time.
  RESERVED = %w[time_unix_nano time table result _time _measurement _field _value _start _stop].freeze

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

  # An event as a point in line protocol. Never raises, and never gives what InfluxDB can't read.
  #
  # The one hot spot of the aggregator: what is the same for many events is looked up.
  def point(event)
    event = { "event_name" => "log.unparsed", "body" => event.to_s } unless event.is_a?(Hash)
    name = event["event_name"].to_s
    name = "log.unparsed" if name.empty?
    tags = TAGS.fetch(name, COMMON_TAGS)
    point = +measurement(name)
    tags.each do |key, tag|
      value = event[key]
      value = DEFAULTS[key] if value.nil?
      point << tag_pair(tag, value) unless value.nil?
    end
    separator = " "
    event.each do |key, value|
      next if value.nil? || tags.key?(key) || key == "event_name" || key == "time_unix_nano"

      point << separator << field_key(key) << "=" << field_value(value)
      separator = ","
    end
    # A point must have a field.
    point << " present=1" if separator == " "
    nano = event["time_unix_nano"]
    nano = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond) unless nano.is_a?(Integer)
    point << " " << nano.to_s
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

  # Passes the point on; once a minute it removes what is older than `seconds` in the folder, and the oldest beyond
  # `bytes` altogether.
  def keep_files(point, directory, seconds, bytes)
    each_minute(directory) do |now, files|
      total = 0
      files.sort_by { |_, stat| -stat.mtime.to_r }.each do |file, stat|
        total += stat.size
        File.delete(file) if now - stat.mtime.to_i > seconds || total > bytes
      end
    end
    point
  end

  # Passes the point on; once a minute it removes what has been read to its end in the folder, by the positions that
  # in_tail keeps in `directory`.pos, and has not been written to for a minute.
  def drop_read(point, directory)
    each_minute(directory) do |now, files|
      positions = File.foreach("#{directory}.pos").to_h { |line| line.split("\t").values_at(0, 1) }
      files.each do |file, stat|
        File.delete(file) if now - stat.mtime.to_i > 60 && positions[file]&.hex == stat.size
      end
    end
    point
  end

  @looked = Hash.new(0)
  def each_minute(directory)
    now = Process.clock_gettime(Process::CLOCK_REALTIME, :second)
    return if now - @looked[directory] < 60

    @looked[directory] = now
    yield now, Dir.glob(File.join(directory, "*")).map { |file| [file, File.stat(file)] }
  rescue SystemCallError
    # Somebody else removes them too, or there are none yet.
  end

  # --- from text to an event -----------------------------------------------------------------------------------

  def parse(text, format)
    if format["json"] && text.start_with?("{")
      event = parse_json(text)
      return event if event
    end
    plain = text.include?("\e") ? text.gsub(ANSI, "") : text
    format["regexps"].each do |regexp|
      match = regexp.match(plain)
      return from_match(match.named_captures) if match
    end
    nil
  end

  def parse_json(text)
    hash = JSON.parse(text, max_nesting: 20, allow_nan: true)
    from_json(hash, text) if hash.is_a?(Hash)
  rescue JSON::ParserError
    # A traceback may follow the line that announced it.
    first, rest = text.split("\n", 2)
    return nil if rest.nil? || rest.empty?

    event = parse_json(first)
    event && { "exception.stacktrace" => bounded(rest) }.merge(event)
  end

  def from_json(hash, text)
    flat = {}
    flatten(hash, nil, flat, 1)
    name = flat.delete("event_name")
    return conform(name, flat) if name.is_a?(String) && (EVENTS.key?(name) || CUSTOM_EVENT.match?(name))

    flat["text.event_name"] = name.to_s unless name.nil?
    log = {}
    ALIASES.each do |key, names|
      found = names.find { |candidate| flat.key?(candidate) && !flat[candidate].is_a?(Hash) }
      log[key] = flat.delete(found) if found
    end
    log["body"] = text if log["body"].nil?
    conform("log", log.merge(flat))
  end

  def flatten(hash, prefix, into, depth)
    hash.each do |key, value|
      name = prefix ? "#{prefix}.#{key}" : key
      if value.is_a?(Hash) && depth < MAX_DEPTH
        flatten(value, name, into, depth + 1)
      else
        into[name] = value.is_a?(Hash) || value.is_a?(Array) ? JSON.generate(value) : value
      end
    end
  end

  def from_match(groups)
    attributes = groups.compact
    special = GROUPS.to_h { |group, key| [key, attributes.delete(group)] }
    pairs = attributes.delete("attributes")
    if attributes.key?("path") && attributes.key?("status")
      return conform("http.server.request", access(attributes).merge(special.compact))
    end

    body, stack = (attributes.delete("text") || special["body"]).to_s.split("\n", 2)
    body, pairs = message_and_pairs(body) if groups["text"] && body
    special["body"] = unquote(body.to_s)
    event = conform("log", attributes.merge(special.compact, text_pairs(pairs)))
    event["exception.stacktrace"] = bounded(stack) if stack
    event.merge!(exception(stack)) if stack&.include?("Traceback (most recent call last)")
    event
  end

  def message_and_pairs(body)
    at = body =~ /(?:\A|\s)[A-Za-z_][\w.\-]*=(?:"(?:[^"\\]|\\.)*"|\S*)(?:\s+[A-Za-z_][\w.\-]*=(?:"(?:[^"\\]|\\.)*"|\S*))*\s*\z/m
    at.nil? ? [body.rstrip, nil] : [body[0...at].rstrip, body[at..]]
  end

  def text_pairs(text)
    text.to_s.scan(PAIR).first(MAX_KEYS).to_h { |key, value| ["text.#{key}", unquote(value)] }
  end

  def unquote(text)
    return text unless text.length > 1 && text.start_with?('"') && text.end_with?('"')

    text[1..-2].gsub(/\\(.)/m) { { "n" => "\n", "t" => "\t" }.fetch(Regexp.last_match(1), Regexp.last_match(1)) }
  end

  def exception(stack)
    last = stack.rstrip.lines.reverse.find { |line| line.match?(/\A\S/) }
    match = last && EXCEPTION.match(last.chomp)
    match ? { "exception.type" => match[1], "exception.message" => bounded(match[2].to_s) } : {}
  end

  def access(groups)
    path = groups.delete("path").sub(/[?#].*/m, "")
    route = path.split("/", -1).map { |part| IDENTIFIER.match?(part) ? "{id}" : part }.join("/")
    {
      "http.request.method" => groups.delete("method"),
      "http.route" => route,
      "http.response.status_code" => groups.delete("status"),
      "duration_s" => groups.delete("duration")
    }.compact.merge(groups)
  end

  def unparsed(text)
    { "event_name" => "log.unparsed", "body" => bounded(text) }
  end

  # --- to the contract's types -------------------------------------------------------------------------------------

  # Gives each attribute the one type that it has in the contract. What doesn't fit is kept as text in `invalid.KEY`;
  # keys that the contract doesn't know become floats of their name, or `text.KEY`, so that a field never changes type.
  def conform(name, attributes)
    schema = EVENTS[name] || COMMON
    event = { "event_name" => name }
    unknown = 0
    attributes.each do |key, value|
      next if value.nil?

      attribute = schema[key]
      if attribute
        set(event, key, attribute, value)
      elsif (unknown += 1) <= MAX_KEYS
        add_custom(event, key[0, MAX_KEY_BYTES], value)
      end
    end
    event["contract.keys_dropped"] = (unknown - MAX_KEYS).to_f if unknown > MAX_KEYS
    stamp(event)
    status = event["http.response.status_code"]
    event["http.response.status_class"] = "#{status.to_i / 100}xx" if status && name == "http.server.request"
    missing = (REQUIRED[name] || []).reject { |key| event.key?(key) }
    event["contract.missing"] = missing.join(", ") unless missing.empty?
    event
  end

  def set(event, key, attribute, value)
    converted =
      if attribute["type"] == "float"
        float(value)
      else
        text = value.to_s
        text = SEVERITIES.fetch(text.upcase, text) if key == "severity_text"
        text if attribute["values"].nil? || attribute["values"].include?(text)
      end
    if converted.nil?
      event["invalid.#{key}"] = bounded(value.to_s) unless nan?(value)
    else
      event[key] = converted.is_a?(String) ? bounded(converted) : converted
    end
  end

  def add_custom(event, key, value)
    key = "attributes.#{key}" if RESERVED.include?(key) || key.start_with?("_") || DATA["tagNames"].include?(key)
    case value
    when Numeric, true, false
      number = value == true ? 1.0 : (value == false ? 0.0 : float(value))
      event[key] = number unless number.nil?
    else
      event[key.start_with?("text.") ? key : "text.#{key}"] = bounded(value.to_s)
    end
  end

  def float(value)
    number =
      case value
      when Numeric then value.to_f
      when String then NUMBER.match?(value) ? value.to_f : nil
      end
    number if number&.finite?
  end

  def nan?(value)
    %w[nan inf -inf infinity -infinity].include?(value.to_s.downcase)
  end

  # --- time --------------------------------------------------------------------------------------------------------

  def stamp(event)
    text = event.delete("timestamp")
    return if text.nil?

    nano = nanoseconds(text)
    PLAUSIBLE.cover?(nano) ? event["time_unix_nano"] = nano : event["invalid.timestamp"] = bounded(text.to_s)
  end

  # Nanoseconds since 1970; nil for what isn't a time. Without a zone it is UTC.
  def nanoseconds(text)
    if (match = RFC3339.match(text))
      zone = match[4]
      zone = "Z" if zone.nil? || zone == "z"
      seconds("#{match[1]}T#{match[2]}#{zone}") * 1_000_000_000 + match[3].to_s.ljust(9, "0").to_i
    elsif (match = EPOCH.match(text))
      fraction = match.captures.drop(1).compact.first.to_s
      match[1].to_i * 1_000_000_000 + fraction.ljust(9, "0").to_i
    elsif ACCESS_TIME.match?(text)
      Time.strptime(text, "%d/%b/%Y:%H:%M:%S %z").to_i * 1_000_000_000
    end
  rescue ArgumentError
    nil
  end

  # Lines come in the order of time: the last second is the next one's, mostly.
  @last_text = nil
  @last_seconds = 0
  def seconds(text)
    return @last_seconds if text == @last_text

    value = Time.iso8601(text.sub(/([+-]\d\d)(\d\d)\z/, '\1:\2')).to_i
    @last_text = text
    @last_seconds = value
  end

  # A time that no other line of these tags has: InfluxDB keeps one point per measurement, tags and time.
  #
  # A time of full precision stays. The digits that a coarser one leaves open are filled from a hash of the line, so
  # that a line that is sent twice, or read twice after a crash, is the same point; lines alike are told apart by
  # their order within the instant.
  @instants = {}
  def distinct(nano, read_at, text, file)
    nano ||= read_at.to_i * 1_000_000_000 + read_at.nsec / 1_000 * 1_000
    tick = TICKS.find { |size| (nano % size).zero? }
    return nano if tick.nil?

    @instants.clear if @instants.size > 1_000
    instant = @instants[file]
    instant = @instants[file] = [nano, Hash.new(0)] if instant.nil? || instant[0] != nano
    nth = (instant[1][text.hash] += 1)
    nano + Zlib.crc32("#{POD}\0#{nth}\0#{text}") % tick
  end

  # --- text --------------------------------------------------------------------------------------------------------

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

  # --- line protocol -----------------------------------------------------------------------------------------------

  # Results by argument, up to a bound: names and tag values are few by the contract, and hostile ones don't fill the memory.
  MAX_REMEMBERED = 10_000
  @measurements = {}
  @field_keys = {}
  @tag_pairs = {}

  def remembered(results, argument)
    results[argument] ||
      begin
        results.clear if results.size >= MAX_REMEMBERED
        results[argument] = yield.freeze
      end
  end

  def measurement(name)
    remembered(@measurements, name) { escape_key(name) }
  end

  def field_key(key)
    remembered(@field_keys, key) { escape_key(key) }
  end

  def tag_pair(tag, value)
    return written_tag_pair(tag, value) unless value.is_a?(String) && value.bytesize <= MAX_TAG

    remembered(@tag_pairs[tag] ||= {}, value) { written_tag_pair(tag, value) }
  end

  def written_tag_pair(tag, value)
    text = value.to_s.byteslice(0, MAX_TAG).scrub("")
    # A backslash at the end would escape what follows; line protocol has no escape for it.
    text = text.tr("\\", "/").gsub(/[\u0000-\u001f\u007f\u2028]+/, " ").strip
    text.empty? ? "" : ",#{escape_key(tag)}=#{text.gsub(/[,= ]/) { |char| "\\#{char}" }}"
  end

  def escape_key(key)
    text = key.to_s
    return text if text.match?(/\A[\w.\-]+\z/) && text.ascii_only?

    text.byteslice(0, MAX_KEY_BYTES).scrub("").tr("\\", "/").gsub(/[\u0000-\u001f\u007f\u2028]+/, "_").gsub(/[,= ]/) { |char| "\\#{char}" }
  end

  # Line breaks become U+2028: a point stays one line, whatever the text says.
  def field_value(value)
    case value
    when Numeric then value.to_f.finite? ? value.to_f.to_s : '""'
    when true then "1.0"
    when false then "0.0"
    else
      text = value.to_s
      text = text.scrub("?") unless text.valid_encoding?
      if text.match?(/[\\"\n\r\u0000]/)
        text = text.gsub(/[\\"]/) { |char| "\\#{char}" }.gsub("\n", "\u2028").delete("\u0000\r")
      end
      "\"#{text}\""
    end
  end
end
