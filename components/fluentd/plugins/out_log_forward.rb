# frozen_string_literal: true

require "fluent/plugin/out_forward"

module Fluent::Plugin
  # out_forward that waits before it sends again what was not acknowledged.
  #
  # out_forward takes such a chunk back without counting a failed attempt, so that it is sent again at the next turn of
  # the flush thread: an aggregator whose disk is full was offered every chunk tens of times a second.
  class LogForwardOutput < ForwardOutput
    Fluent::Plugin.register_output("log_forward", self)

    # Fluentd looks for these in the class itself.
    def write(chunk)
      super
    end

    def try_write(chunk)
      super
    end

    def rollback_write(chunk_id, update_retry: true)
      # The argument is out_forward's `false`.
      super(chunk_id, update_retry: true)
    end
  end
end
