# frozen_string_literal: true

# From text to an event. Part of LogContract, loaded by log_contract.rb.
module LogContract
  ANSI = /\e\[[0-9;?]*[A-Za-z]/.freeze
  PAIR = /(?:\A|\s)([A-Za-z_][\w.\-]*)=("(?:[^"\\]|\\.)*"|\S*)/m.freeze
  EXCEPTION = /\A([A-Za-z_][\w.]*)(?::\s?(.*))?\z/m.freeze
  IDENTIFIER = /\A(?:\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|.*\d.*\d.*\d.*)\z/.freeze
  GROUPS = { "time" => "timestamp", "level" => "severity_text", "body" => "body", "logger" => "log.logger" }.freeze
  MAX_DEPTH = 4

  module_function

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
end
