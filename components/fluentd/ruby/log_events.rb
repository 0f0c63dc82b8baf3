# frozen_string_literal: true

# Attributes in the contract's types, and the time of an event. Part of LogContract, loaded by log_contract.rb.
module LogContract
  NUMBER = /\A[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\z/.freeze
  RFC3339 = /\A(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?\s?(Z|z|[+-]\d\d:?\d\d)?\z/.freeze
  ACCESS_TIME = %r{\A\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\z}.freeze
  EPOCH = /\A(\d{10})(?:\.(\d{1,9})\d*|(\d{3})|(\d{6})|(\d{9}))?\z/.freeze
  # 2001 to 2096, in nanoseconds. A time that 64 bits can't hold makes in_tail drop the whole batch that it is in.
  PLAUSIBLE = (1_000_000_000_000_000_000...4_000_000_000_000_000_000).freeze
  TICKS = [1_000_000_000, 1_000_000, 1_000].freeze
  # InfluxDB's own column names: a field of such a name is refused or hides the column. And the key of an event's time.
  RESERVED = %w[time_unix_nano time table result _time _measurement _field _value _start _stop].freeze

  module_function

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
end
