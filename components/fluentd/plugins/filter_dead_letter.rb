# frozen_string_literal: true

require "fluent/plugin/filter"
require_relative "log_contract"
require_relative "log_points"

module Fluent::Plugin
  # Makes points of events `log.dead_letter` of messages: points that InfluxDB refused, or what Fluentd itself says of a chunk.
  # Other messages are dropped.
  class DeadLetterFilter < Filter
    Fluent::Plugin.register_filter("dead_letter", self)

    desc "The rendered contract."
    config_param :contract_path, :string, default: LogContract::Contract::PATH
    desc "What the messages look like that are dead letters."
    config_param :pattern, :regexp, default: //

    def configure(conf)
      super
      @contract = LogContract::Contract.load(@contract_path)
      @points = LogContract::Points.new(@contract)
    end

    def filter(_tag, time, record)
      message = record["message"].to_s
      event = @contract.dead_letter(message, time, record["offset"]) if @pattern.match?(message)
      event && { "message" => @points.write(event) }
    end
  end
end
