# frozen_string_literal: true

require "strscan"
require_relative "log_contract"

module LogContract
  # Events as points in line protocol, and back.
  #
  # Never raises, and never gives what InfluxDB can't read. What is the same for many events is looked up.
  class Points
    # What is remembered, at most: names and tag values are few by the contract, and hostile ones don't fill the memory.
    MAX_REMEMBERED = 10_000
    # A name or a value of a tag, and a text between quotes, as they are written here.
    KEY = /(?:\\[,= ]|[^,= ])+/.freeze
    TEXT = /(?:\\.|[^"\\])*/.freeze

    # What events of a name have in common.
    Kind = Struct.new(:tags, :series_keys, :fields)

    def initialize(contract)
      @contract = contract
      @kinds = @contract.events.transform_values { |attributes| kind_of(attributes) }
      @common_kind = kind_of(@contract.common)
      @series = {}
    end

    # The points in a record of Fluentd, a line each. Sidecars of 0.1.0 send events.
    def of_record(record)
      points = record["message"]
      return "#{write(record['event'])}\n" unless points.is_a?(String)

      points.end_with?("\n") ? points : "#{points}\n"
    end

    # An event as a point, without a line break.
    def write(event)
      event = { "event_name" => "log.unparsed", "body" => event.to_s } unless event.is_a?(Hash)
      kind = @kinds[event["event_name"]] || @common_kind
      values = event.values_at(*kind.series_keys)
      point = (@series[values] || series(kind, values)).dup
      separator = " "
      event.each do |key, value|
        next if value.nil?

        field = kind.fields[key]
        field = remember_field(kind, key) if field.nil?
        next unless field

        point << separator << field << field_value(value)
        separator = ","
      end
      # A point must have a field.
      point << " present=1" if separator == " "
      nano = event["time_unix_nano"]
      nano = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond) unless nano.is_a?(Integer)
      point << " " << nano.to_s
    end

    # The event that a point, in valid UTF-8, was written of: numbers are floats, line breaks are again.
    def read(point)
      scanner = StringScanner.new(point)
      name = key(scanner)
      event = { "event_name" => name }
      attributes = (@kinds[name] || @common_kind).tags.invert
      while scanner.skip(/,/)
        tag = key(scanner)
        scanner.skip(/=/)
        event[attributes.fetch(tag, tag)] = key(scanner)
      end
      while scanner.skip(/[ ,]/)
        field = key(scanner)
        event[field] = value(scanner) if scanner.skip(/=/)
      end
      event["time_unix_nano"] = field.to_i
      event
    end

    private

    def key(scanner)
      scanner.scan(KEY).to_s.gsub(/\\([,= ])/, '\1')
    end

    def value(scanner)
      return scanner.scan(KEY).to_f unless scanner.skip(/"/)

      text = scanner.scan(TEXT).gsub(/\\([\\"])/, '\1').tr("\u2028", "\n")
      scanner.skip(/"/)
      text
    end

    # Attributes that are tags, in the order of the tags.
    def kind_of(attributes)
      tags = attributes.filter_map { |key, one| [key, one["tag"]] if one["tag"] }.sort_by(&:last).to_h.freeze
      Kind.new(tags, ["event_name", *tags.keys].freeze, { "event_name" => false, "time_unix_nano" => false })
    end

    # Measurement and tags.
    def series(kind, values)
      name = values.first.to_s
      series = escape_key(name.empty? ? "log.unparsed" : name).dup
      kind.tags.each.with_index(1) do |(key, tag), index|
        value = values[index]
        value = @contract.defaults[key] if value.nil?
        series << written_tag_pair(tag, value) unless value.nil?
      end
      if values.all? { |value| value.to_s.bytesize <= @contract.max_tag }
        @series.clear if @series.size >= MAX_REMEMBERED
        @series[values] = series.freeze
      end
      series
    end

    # The key of a field and what is before its value; false for what is no field.
    def remember_field(kind, key)
      kind.fields.select! { |_, field| field == false } if kind.fields.size >= MAX_REMEMBERED
      kind.fields[key] = !kind.tags.key?(key) && "#{escape_key(key)}=".freeze
    end

    def written_tag_pair(tag, value)
      text = value.to_s.byteslice(0, @contract.max_tag).scrub("")
      # A backslash at the end would escape what follows; line protocol has no escape for it.
      text = text.tr("\\", "/").gsub(/[\u0000-\u001f\u007f\u2028]+/, " ").strip
      text.empty? ? "" : ",#{escape_key(tag)}=#{text.gsub(/[,= ]/) { |char| "\\#{char}" }}"
    end

    def escape_key(key)
      text = key.to_s
      return text if text.match?(/\A[\w.\-]+\z/) && text.ascii_only?

      # Long enough for every prefix of ours before a key of the greatest length, in bytes of UTF-8.
      text = text.byteslice(0, MAX_KEY * 5).scrub("").tr("\\", "/").gsub(/[\u0000-\u001f\u007f\u2028]+/, "_")
      text = "unnamed" if text.empty?
      text.gsub(/[,= ]/) { |char| "\\#{char}" }
    end

    # Line breaks become U+2028: a point stays one line, whatever the text says.
    def field_value(value)
      case value
      when Float then value.finite? ? value.to_s : '""'
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
end
