# frozen_string_literal: true

require "digest"
require "json"
require "fluent/plugin/out_http"
require_relative "log_points"

module Fluent::Plugin
  # out_http that sends the texts of events, of which records have the points, to Loki's push API or to the bulk API of
  # Elasticsearch and OpenSearch. Events without a text are not sent. What is sent a second time is stored once.
  class FullTextOutput < HTTPOutput
    Fluent::Plugin.register_output("full_text", self)

    desc "API of the server."
    config_param :kind, :enum, list: %i[loki elasticsearch]
    desc "The rendered contract."
    config_param :contract_path, :string, default: LogContract::Contract::PATH

    # One of them makes an event worth sending.
    TEXTS = %w[body exception.stacktrace dead_letter.line].freeze
    HAS_TEXT = /[ ,](?:#{Regexp.union(TEXTS)})="/.freeze
    LABELS = { "service_name" => "service.name", "environment" => "deployment.environment.name", "severity" => "severity_text" }.freeze
    # A password that rotates, an index that is about to be made, a server that is away or has too much to do.
    RETRYABLE = [401, 403, 404, 408, 429].freeze

    def configure(conf)
      super
      @contract = LogContract::Contract.load(@contract_path)
      @points = LogContract::Points.new(@contract)
      @endpoint_uri = URI.parse(@endpoint)
    end

    # Documents as lines of JSON; Fluentd looks for it in the class itself.
    def format(_tag, _time, record)
      points = LogContract.valid_text(@points.of_record(record)).each_line(chomp: true).grep(HAS_TEXT)
      points.map { |point| "#{JSON.generate(document(@points.read(point)))}\n" }.join
    end

    def write(chunk)
      documents = chunk.read.each_line.map { |line| JSON.parse(line) }
      return if documents.empty?

      request = create_request(chunk, @endpoint_uri)
      request.body = @kind == :loki ? loki_body(documents) : bulk_body(documents)
      answer = Net::HTTP.start(@endpoint_uri.host, @endpoint_uri.port, @http_opt) { |http| http.request(request) }
      check(answer, documents.length)
    end

    private

    # Attributes of the contract by their names; an application's own as one text: they are too many, and of too many types,
    # for the mapping of an index.
    def document(event)
      known = @contract.events[event["event_name"]] || @contract.common
      own = {}
      document = {}
      event.each do |key, value|
        if key == "event_name" || key == "time_unix_nano" || known.key?(key) || TEXTS.include?(key)
          document[key] = value
        else
          own[key] = value
        end
      end
      document["attributes"] = JSON.generate(own) unless own.empty?
      document
    end

    def loki_body(documents)
      streams = documents.group_by { |document| LABELS.transform_values { |key| document[key].to_s } }
      JSON.generate(
        streams: streams.map do |labels, lines|
          {
            stream: labels.reject { |_, value| value.empty? },
            values: lines.map { |document| [document["time_unix_nano"].to_s, JSON.generate(document.reject { |key, _| key == "time_unix_nano" })] }
          }
        end
      )
    end

    def bulk_body(documents)
      documents.map do |document|
        id = Digest::SHA256.hexdigest(JSON.generate(document))[0, 32]
        time = Time.at(0, document.delete("time_unix_nano").to_i, :nsec).utc.iso8601(9)
        "#{JSON.generate(create: { _id: id })}\n#{JSON.generate({ '@timestamp' => time, **document })}\n"
      end.join
    end

    def check(answer, count)
      code = answer.code.to_i
      message = "#{code} #{answer.body.to_s[0, 500]}"
      raise RetryableResponse, message if RETRYABLE.include?(code) || code >= 500
      return log.warn("lines are refused for full text", lines: count, answer: message) if code >= 400

      check_items(JSON.parse(answer.body)) if @kind == :elasticsearch
    end

    # A bulk request succeeds though none of its documents does. 409: it is there already.
    def check_items(answer)
      return unless answer["errors"]

      failed = answer["items"].map { |item| item["create"] }.select { |item| item["status"] >= 300 && item["status"] != 409 }
      busy = failed.find { |item| RETRYABLE.include?(item["status"]) || item["status"] >= 500 }
      raise RetryableResponse, busy.to_json if busy

      log.warn("lines are refused for full text", lines: failed.length, answer: failed.first.to_json[0, 500]) unless failed.empty?
    end
  end
end
