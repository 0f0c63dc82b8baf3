# frozen_string_literal: true

require "set"

module LogContract
  # What the access line of a server says. contract/requests.ts does the same for check-logs.
  class Requests
    METHODS = %w[GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH].freeze
    IDENTIFIER = /\A(?:\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|.*\d.*\d.*\d.*|.*@.*|.*%40.*|.{41,})\z/m.freeze

    # format: as log_contract.json has it
    def initialize(format)
      @templates = format.fetch("routes").map { |route| [Regexp.new(route.fetch("regexp")), route.fetch("template")] }
      @probe_paths = format.fetch("probePaths")
      @max_routes = format.fetch("maxRoutes")
      @routes = {}
    end

    # Attributes of a request; nil for one of a probe, which is no usage.
    def attributes(groups)
      path = groups.delete("path").sub(/[?#].*\z/m, "").sub(%r{\A[a-z]+://[^/]*}, "")
      path = "/" if path.empty?
      return nil if @probe_paths.include?(path)

      method = groups.delete("method")
      milliseconds = groups.delete("duration_ms")
      status = groups.delete("status")
      {
        "http.request.method" => METHODS.include?(method) ? method : "_OTHER",
        "http.route" => route(path, status),
        "http.response.status_code" => status,
        "duration_s" => groups.delete("duration") || (milliseconds && milliseconds.to_f / 1000)
      }.compact.merge(groups)
    end

    # Puts the requests beyond the largest number of routes of a service into one.
    def limit_routes(event, defaults)
      route = event["http.route"]
      return if route.nil? || event["event_name"] != "http.server.request"

      known = @routes[event["service.name"] || defaults["service.name"]] ||= Set.new
      return if known.include?(route)

      if known.size < @max_routes
        known << route
      else
        event["http.route"] = "_other"
      end
    end

    private

    def route(path, status)
      _, template = @templates.find { |regexp, _| regexp.match?(path) }
      return template if template
      # Scanners ask for what there is not.
      return "unmatched" if status == "404"

      path.split("/", -1).map { |part| IDENTIFIER.match?(part) ? "{id}" : part }.join("/")
    end
  end
end
