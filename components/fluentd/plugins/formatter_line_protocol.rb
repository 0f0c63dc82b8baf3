# frozen_string_literal: true

require "fluent/plugin/formatter"
require_relative "log_contract"

module Fluent::Plugin
  # Writes events, in the key `event`, as points in line protocol. A `message` is a point already.
  #
  # Never raises, and never gives what InfluxDB can't read. The one hot spot of the aggregator: what is the same for many
  # events is looked up.
  class LineProtocolFormatter < Formatter
    Fluent::Plugin.register_formatter("line_protocol", self)

    desc "The rendered contract."
    config_param :contract_path, :string, default: LogContract::Contract::PATH

    # Results by argument, up to a bound: names and tag values are few by the contract, and hostile ones don't fill the memory.
    MAX_REMEMBERED = 10_000

    def configure(conf)
      super
      @contract = LogContract::Contract.load(@contract_path)
      @tags = @contract.events.transform_values { |attributes| tags_of(attributes) }
      @common_tags = tags_of(@contract.common)
      @measurements = {}
      @field_keys = {}
      @tag_pairs = {}
    end

    def format(_tag, _time, record)
      point = record["message"]
      point.is_a?(String) ? "#{point}\n" : point(record["event"]) << "\n"
    end

    # An event as a point.
    def point(event)
      event = { "event_name" => "log.unparsed", "body" => event.to_s } unless event.is_a?(Hash)
      name = event["event_name"].to_s
      name = "log.unparsed" if name.empty?
      tags = @tags.fetch(name, @common_tags)
      point = +measurement(name)
      tags.each do |key, tag|
        value = event[key]
        value = @contract.defaults[key] if value.nil?
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

    private

    # Attributes that are tags, in the order of the tags.
    def tags_of(attributes)
      attributes.filter_map { |key, one| [key, one["tag"]] if one["tag"] }.sort_by(&:last).to_h.freeze
    end

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
      return written_tag_pair(tag, value) unless value.is_a?(String) && value.bytesize <= @contract.max_tag

      remembered(@tag_pairs[tag] ||= {}, value) { written_tag_pair(tag, value) }
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
      text = text.byteslice(0, LogContract::MAX_KEY * 5).scrub("").tr("\\", "/").gsub(/[\u0000-\u001f\u007f\u2028]+/, "_")
      text = "unnamed" if text.empty?
      text.gsub(/[,= ]/) { |char| "\\#{char}" }
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
end
