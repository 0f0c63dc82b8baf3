# frozen_string_literal: true

require "fluent/plugin/in_forward"

module Fluent::Plugin
  # in_forward that takes a renewed certificate: in_forward reads it at its start only.
  #
  # The worker ends, and the supervisor starts it anew: what is acknowledged is in the file buffer by then, and what is not
  # is sent again.
  class LogForwardInput < ForwardInput
    Fluent::Plugin.register_input("log_forward", self)

    helpers :timer

    desc "How often the files of the certificate are looked at."
    config_param :renewal_interval, :time, default: 10

    def start
      super
      return if @transport_config.protocol != :tls

      @served = certificate
      timer_execute(:log_forward_renewal, @renewal_interval) { restart if certificate != @served }
    end

    def restart
      log.info "the certificate is renewed, the worker is started anew"
      Process.kill("TERM", Process.pid)
    end

    private

    def certificate
      [@transport_config.cert_path, @transport_config.private_key_path].map { |path| File.read(path) }
    rescue SystemCallError => error
      # The kubelet is about to swap them.
      log.warn "the certificate can not be read", error: error
      @served
    end
  end
end
