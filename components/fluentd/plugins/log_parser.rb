# frozen_string_literal: true

require "strscan"
require_relative "log_attributes"
require_relative "log_exceptions"
require_relative "log_requests"
require_relative "log_time"

module LogContract
  # Makes events of records. contract/parseRecord.ts does the same for check-logs; a test compares the two.
  class Parser
    BLANK = /\A[ \t\r\n\f\v]*\z/.freeze
    ANSI = /\e\[[0-9;?]*[A-Za-z]/.freeze
    # What torchrun puts before each line.
    RANK_PREFIX = /\A\[rank(\d+)\]: /.freeze
    PAIR = /([A-Za-z_][\w.@-]*)=("(?:[^"\\]|\\(?m:.))*"|[^ \t\r\n\f\v]*)/.freeze
    WHOLE_PAIR = /#{PAIR}(?=[ \t\r\n\f\v]|\z)/.freeze
    QUOTED = /\A"(?:[^"\\]|\\(?m:.))*"\z/.freeze
    SPACES = /[ \t\r\n\f\v]+/.freeze
    WORD = /[^ \t\r\n\f\v]+/.freeze
    SPECIAL_GROUPS = { "time" => "timestamp", "level" => "severity_text", "logger" => "log.logger" }.freeze
    NESTED_REQUEST = %r{"|[A-Z] /}.freeze
    MAX_DEPTH = 4
    MAX_NESTING = 20
    MAX_PAIRS = 64
    DAY = 86_400

    # format: as log_contract.json has it
    def initialize(contract, format)
      @contract = contract
      @attributes = Attributes.new(contract)
      @json = format.fetch("json")
      @rows = format.fetch("rows").map { |row| [Regexp.new(row.fetch("regexp")), row] }
      @times = Times.new(format.fetch("times"), contract.zone_offsets, format["timeZone"])
      @requests = Requests.new(format)
    end

    # A record as [event, how finely its time is written]; nil for a blank one, which says nothing. The event is a flat Hash
    # with `event_name`, and with `time_unix_nano` where the record has a time.
    def parse(record, now)
      text = @contract.readable(record)
      return nil if BLANK.match?(text)

      prefix = RUNTIME_PREFIX.match(text)
      rank = RANK_PREFIX.match(text)
      text = (prefix || rank).post_match if prefix || rank
      event = event_of(text) || unparsed(text, @times.leading(text, now))
      event["timestamp"] ||= prefix[1] if prefix
      event["rank"] = rank[1].to_f if rank
      @requests.limit_routes(event, @contract.defaults)
      [event, stamp(event, now)]
    end

    # Whether a line is a record of one of the formats.
    def known?(line)
      return true if @json && line.start_with?("{")

      plain = line.include?("\e") ? line.gsub(ANSI, "") : line
      @rows.any? { |regexp, _| regexp.match?(plain) }
    end

    # A record that could not be read: a mistake here must cost no line.
    def failed(record, error)
      unparsed(record.to_s.scrub("?")).merge("contract.error" => error.message[0, 200])
    end

    private

    def event_of(text)
      if @json && text.start_with?("{")
        event = parse_json(text)
        return event if event
      end
      plain = text.include?("\e") ? text.gsub(ANSI, "") : text
      # Of an expression that knows single lines only, what follows belongs to the event nevertheless.
      first, rest = plain.split("\n", 2)
      match_of(plain) || (rest && (match_of(first, rest) || from_unknown(first, rest)))
    end

    def match_of(text, rest = nil)
      @rows.each do |regexp, row|
        match = regexp.match(text)
        return from_match(match.named_captures.compact, row, text, rest) if match
      end
      nil
    end

    def unparsed(text, time = nil)
      { "event_name" => "log.unparsed", "timestamp" => time, "body" => @contract.bounded(text) }.compact
    end

    # Takes the time of an event into `time_unix_nano`; returns how finely it is written.
    def stamp(event, now)
      text = event.delete("timestamp")
      return nil if text.nil?

      nano, tick = @times.read(text, now)
      # 2001 at the earliest. A day ahead at most: what is later would be a shard of its own, for decades, and 64 bits may
      # not hold it.
      if nano && nano >= 1_000_000_000_000_000_000 && nano <= (now + DAY) * 1_000_000_000
        event["time_unix_nano"] = nano
        tick
      else
        event["invalid.timestamp"] = @contract.bounded(text)
        nil
      end
    end

    def parse_json(text)
      hash = JSON.parse(text, max_nesting: MAX_NESTING, allow_nan: true)
      (of_docker(hash) || from_json(hash, text)) if hash.is_a?(Hash)
    rescue JSON::ParserError
      # A traceback may follow the line that announced it.
      first, rest = text.split("\n", 2)
      return nil if rest.nil? || rest.empty?

      begin
        hash = JSON.parse(first, max_nesting: MAX_NESTING, allow_nan: true)
      rescue JSON::ParserError
        return nil
      end
      from_json(hash, first, rest) if hash.is_a?(Hash)
    end

    # The line inside of one of Docker's json-file, if a format knows it.
    def of_docker(hash)
      log, stream, time = hash.values_at("log", "stream", "time")
      return nil unless hash.size == 3 && [log, stream, time].all?(String) && (event = event_of(log.chomp("\n")))

      event["timestamp"] ||= time
      event.merge!("text.stream" => @contract.bounded(stream))
    end

    # rest: lines after the object
    def from_json(hash, text, rest = nil)
      flat = rest ? { "exception.stacktrace" => rest } : {}
      flatten(hash, nil, flat, 1)
      name = flat.delete("event_name")
      return @attributes.conform(name, flat) if name.is_a?(String) && event_name?(name)

      log = {}
      @contract.aliases.each do |key, names|
        found = names.find { |candidate| !flat[candidate].nil? }
        log[key] = flat.delete(found) if found
      end
      log["body"] = text if log["body"].nil?
      log["severity_text"] = @attributes.severity_of_number(flat) if log["severity_text"].nil?
      stack = log["exception.stacktrace"]
      log = Exceptions.attributes(stack).merge(log) if stack.is_a?(String)
      event = @attributes.conform("log", log.merge(flat))
      event["text.event_name"] = @contract.bounded(@attributes.text_of(name)) unless name.nil?
      event
    end

    def event_name?(name)
      @contract.events.key?(name) || (@contract.custom_event.match?(name) && !@contract.reserved_events.include?(name))
    end

    def flatten(hash, prefix, into, depth)
      hash.each do |key, value|
        name = prefix ? "#{prefix}.#{key}" : key
        if value.is_a?(Hash) && depth < MAX_DEPTH
          flatten(value, name, into, depth + 1)
        else
          into[name] = value.is_a?(Hash) || value.is_a?(Array) ? @attributes.json_text(value) : value
        end
      end
    end

    # rest: lines after those that have matched
    def from_match(groups, row, text, rest)
      return from_json(pairs(groups["pairs"]).to_h, text, rest) if row["pairs"]
      return from_traceback(groups["traceback"], row) if groups.key?("traceback")
      return request(with_rest(groups, "more", rest), text) if groups.key?("path") && groups.key?("status")

      nested = nested_request(groups["body"])
      return request(with_rest(nested.merge(groups.slice("time")), "more", rest), text) if nested

      log(with_rest(groups, groups.key?("text") ? "text" : "body", rest), row)
    end

    def with_rest(groups, key, rest)
      rest.nil? ? groups : groups.merge(key => [groups[key], rest].compact.join("\n"))
    end

    def log(groups, row)
      body, rest = (groups.delete("text") || groups.delete("body") || "").split("\n", 2)
      body, attributes = row["regexp"].include?("(?<text>") ? message_and_pairs(body.to_s) : [body.to_s, []]
      attributes += pairs(groups.delete("attributes")) if groups.key?("attributes")
      special = SPECIAL_GROUPS.filter_map { |group, key| [key, groups.delete(group)] if groups[group] }.to_h
      special["severity_text"] ||= row["severity"] if row["severity"]
      special["body"] = unquote(body)
      special.merge!(rest_of(rest, special))
      @attributes.conform("log", special.merge(groups, attributes.to_h) { |_, first, _| first })
    end

    # Further lines of a record: an exception, or a part of the message.
    def rest_of(rest, special)
      return {} if rest.nil?

      exception = Exceptions.attributes(rest)
      exception.empty? ? { "body" => "#{special['body']}\n#{rest}" } : exception.merge("exception.stacktrace" => rest)
    end

    def from_traceback(text, row)
      exception = Exceptions.attributes(text)
      body = exception.empty? ? text : exception.values_at("exception.type", "exception.message").reject(&:empty?).join(": ")
      attributes = { "severity_text" => row["severity"], "body" => body, "exception.stacktrace" => text }
      @attributes.conform("log", attributes.merge(exception))
    end

    # What no format knows, before an exception: `Exception in thread Thread-1 (f):`
    def from_unknown(first, rest)
      exception = Exceptions.attributes(rest)
      return nil if exception.empty?

      @attributes.conform("log", { "severity_text" => "ERROR", "body" => first, "exception.stacktrace" => rest }.merge(exception))
    end

    # A line of a server that went through a logger.
    def nested_request(body)
      return nil if body.nil? || !NESTED_REQUEST.match?(body)

      @rows.each do |regexp, row|
        next unless row["regexp"].include?("(?<status>")

        groups = regexp.match(body)&.named_captures&.compact
        return groups if groups&.key?("status")
      end
      nil
    end

    def request(groups, text)
      more = groups.delete("more")
      time = groups.delete("time")
      attributes = @requests.attributes(groups)
      return @attributes.conform("log", { "severity_text" => "DEBUG", "body" => text, "timestamp" => time }) if attributes.nil?

      exception = more ? Exceptions.attributes(more) : {}
      attributes.merge!(exception, exception.empty? ? { "body" => more } : { "exception.stacktrace" => more })
      @attributes.conform("http.server.request", attributes.merge("timestamp" => time))
    end

    # The words of a message, and the `key=value` pairs at its end, in one pass: a long line must not cost more than its
    # length.
    def message_and_pairs(text)
      return [text.sub(TRAILING_SPACE, ""), []] unless text.include?("=")

      scanner = StringScanner.new(text)
      found = []
      begins = nil
      until scanner.eos?
        next if scanner.skip(SPACES)

        at = scanner.pos
        if scanner.skip(WHOLE_PAIR)
          begins ||= at
          found << [scanner[1], scanner[2]]
        else
          begins = nil
          found.clear
          scanner.skip(WORD)
        end
      end
      message = begins ? text.byteslice(0, begins) : text
      [message.sub(TRAILING_SPACE, ""), found.first(MAX_PAIRS).map { |key, value| [key, unquote(value)] }]
    end

    def pairs(text)
      text.to_s.scan(PAIR).first(MAX_PAIRS).map { |key, value| [key, unquote(value)] }
    end

    def unquote(text)
      return text unless text.start_with?('"') && QUOTED.match?(text)

      text[1..-2].gsub(/\\(.)/m) { { "n" => "\n", "t" => "\t" }.fetch(Regexp.last_match(1), Regexp.last_match(1)) }
    end
  end
end
