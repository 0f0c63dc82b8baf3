# frozen_string_literal: true

require_relative "log_contract"

module LogContract
  # Gives the attributes of an event the types of the contract. contract/conform.ts does the same for check-logs.
  class Attributes
    NUMBER = /\A[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\z/.freeze
    NOT_A_NUMBER = %w[nan inf -inf infinity -infinity].freeze
    # InfluxDB's own column names: a field of such a name is refused or hides the column. And the key of an event's time.
    RESERVED = %w[time_unix_nano time table result].freeze
    # What this class itself writes: no key of an application may give such a field another type.
    RESERVED_PREFIXES = %w[_ text. invalid. contract. attributes.].freeze
    MAX_KEYS = 64
    # Texts of an application's own keys, together: a point must fit into a chunk of the buffers.
    MAX_OWN_BYTES = 262_144
    # Of Go's slog: INFO+2
    SLOG_OFFSET = /[+-]\d+\z/.freeze

    def initialize(contract)
      @contract = contract
    end

    # What doesn't fit is kept as text in `invalid.KEY`; keys that the contract doesn't know become floats of their name, or
    # `text.KEY`, so that a field never changes its type.
    def conform(name, attributes)
      schema = @contract.events[name] || @contract.common
      event = { "event_name" => name }
      kept = dropped = bytes = 0
      attributes.each do |key, value|
        next if value.nil?

        attribute = schema[key]
        if attribute
          set(event, key, attribute, value)
        elsif kept < MAX_KEYS && bytes < MAX_OWN_BYTES
          kept += 1
          bytes += [value.bytesize, @contract.max_text].min if value.is_a?(String)
          add_custom(event, key, value)
        else
          dropped += 1
        end
      end
      event["contract.keys_dropped"] = dropped.to_f if dropped.positive?
      status = event["http.response.status_code"]
      event["http.response.status_class"] = "#{status.to_i / 100}xx" if status && name == "http.server.request"
      event["exception.trace_id"] = event["trace_id"] if event.key?("trace_id") && event.key?("exception.type")
      missing = (@contract.required[name] || []).reject { |key| event.key?(key) }
      event["contract.missing"] = missing.join(", ") unless missing.empty?
      event
    end

    def text_of(value)
      case value
      when Float then float_text(value)
      else value.to_s
      end
    end

    # A value of JSON as text, alike in both parsers.
    def json_text(value)
      case value
      when Hash then "{#{value.map { |key, one| "#{JSON.generate(key)}:#{json_text(one)}" }.join(',')}}"
      when Array then "[#{value.map { |one| json_text(one) }.join(',')}]"
      when String then JSON.generate(value)
      when nil then "null"
      when Float then value.finite? ? float_text(value) : "null"
      else value.to_s
      end
    end

    # The severity of OpenTelemetry's number, from 1 to 24.
    def severity_of_number(flat)
      number = @contract.severity_number_keys.map { |key| flat[key] }.find { |one| one.is_a?(Numeric) }
      number&.between?(1, 24) ? @contract.severity_numbers[((number - 1) / 4).floor] : nil
    end

    private

    def set(event, key, attribute, value)
      converted =
        if attribute["type"] == "float"
          in_range(float(value), attribute)
        else
          text = text_of(value)
          text = @contract.severities.fetch(text.upcase.sub(SLOG_OFFSET, ""), text) if key == "severity_text"
          text if attribute["values"].nil? || attribute["values"].include?(text)
        end
      if converted.nil?
        text = text_of(value)
        event["invalid.#{key}"] = @contract.bounded(text) unless NOT_A_NUMBER.include?(text.downcase)
      else
        event[key] = converted.is_a?(String) ? @contract.bounded(converted) : converted
      end
    end

    def in_range(number, attribute)
      return number if number.nil? || attribute["minimum"].nil?

      number if number >= attribute["minimum"] && number <= attribute["maximum"]
    end

    def add_custom(event, key, value)
      key = field_name(key)
      case value
      when true then event[key] = 1.0
      when false then event[key] = 0.0
      when Numeric
        number = float(value)
        event[key] = number unless number.nil?
      else
        event["text.#{key}"] = @contract.bounded(value.to_s)
      end
    end

    def field_name(key)
      key = key.scrub("?") unless key.valid_encoding?
      key = key.gsub(/[\u0000-\u001f\u007f\u2028]+/, "_").tr("\\", "/")[0, MAX_KEY]
      key = "unnamed" if key.empty?
      return key unless RESERVED.include?(key) || @contract.tag_names.include?(key) || key.start_with?(*RESERVED_PREFIXES)

      "attributes.#{key}"
    end

    def float(value)
      number =
        case value
        when Numeric then value.to_f
        when String then NUMBER.match?(value) ? value.to_f : nil
        end
      number if number&.finite?
    end

    # As JavaScript writes it, so that both parsers give the same text.
    def float_text(value)
      return value.to_s unless value.finite?
      return value.to_i.to_s if value == value.to_i && value.abs < 1e15

      mantissa, exponent = value.to_s.split("e")
      return mantissa.delete_suffix(".0") if exponent.nil?

      exponent = exponent.to_i
      digits = mantissa.delete_suffix(".0").delete("-.")
      sign = value.negative? ? "-" : ""
      if exponent.between?(0, 20)
        "#{sign}#{digits.ljust(exponent + 1, '0')}"
      elsif exponent.between?(-6, -1)
        "#{sign}0.#{'0' * (-exponent - 1)}#{digits}"
      else
        "#{mantissa.delete_suffix('.0')}e#{exponent.positive? ? '+' : ''}#{exponent}"
      end
    end
  end
end
