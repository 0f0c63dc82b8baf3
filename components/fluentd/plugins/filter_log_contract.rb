# frozen_string_literal: true

require "zlib"
require "fluent/plugin/filter"
require_relative "log_parser"
require_relative "log_points"

module Fluent::Plugin
  # Makes points of the log contract of records of in_log_files. Blank records are dropped.
  #
  # The key `message` of what it gives has the points of many records, a line each: the aggregator passes them on as they
  # are, and a record costs it far more than a line.
  class LogContractFilter < Filter
    Fluent::Plugin.register_filter("log_contract", self)

    desc "The rendered contract."
    config_param :contract_path, :string, default: LogContract::Contract::PATH
    desc "Which of the contract's formats the records have."
    config_param :format, :string
    desc "Name of the pod that the records are of."
    config_param :pod_name, :string, default: ""

    # After so many bytes a record ends: a small part of a chunk of the buffers.
    RECORD_BYTES = 65_536

    def configure(conf)
      super
      @contract = LogContract::Contract.load(@contract_path)
      format = @contract.formats[@format]
      raise Fluent::ConfigError, "format #{@format} is not in #{@contract_path}" if format.nil?

      @parser = LogContract::Parser.new(@contract, format)
      @points = LogContract::Points.new(@contract)
      @places = {}
    end

    def filter_stream(_tag, stream)
      filtered = Fluent::MultiEventStream.new
      points = +""
      stream.each do |time, record|
        event = event_of(record["message"], time, record["file"], record["offset"])
        next if event.nil?

        points << @points.write(event) << "\n"
        next if points.bytesize < RECORD_BYTES

        filtered.add(time, { "message" => points })
        points = +""
      end
      filtered.add(Fluent::EventTime.now, { "message" => points }) unless points.empty?
      filtered
    end

    private

    def event_of(message, time, file, offset)
      event, tick = @parser.parse(message, time.to_i)
      event && complete(event, tick, time, file, offset)
    rescue StandardError => error
      complete(@parser.failed(message, error), nil, time, file, offset)
    end

    def complete(event, tick, time, file, offset)
      name = event["event_name"]
      if name == "log" || name == "log.unparsed"
        event["log.file.name"] = source_name(file)
        event["k8s.pod.name"] = @pod_name unless @pod_name.empty?
      end
      @contract.defaults.each { |key, value| event[key] ||= value }
      nano = event["time_unix_nano"] || time.to_i * 1_000_000_000 + time.nsec
      event["time_unix_nano"] = distinct(nano, tick || LogContract::FINEST_TICK, file, offset)
      event
    end

    # A time that no other line of these tags has: InfluxDB keeps one point per measurement, tags and time.
    #
    # The digits that the time leaves open say where in which file the line is. So alike lines stay apart, and a line that is
    # read or sent twice is the same point.
    def distinct(nano, tick, file, offset)
      nano - nano % tick + (place(file) + offset.to_i / LogContract::LEAST_LINE) % tick
    end

    def place(file)
      @places.clear if @places.size > 1_000
      @places[file] ||= Zlib.crc32("#{@pod_name}\0#{file}")
    end

    # Numbers and random parts of a file's name would make a series each, as would those of rotated files.
    def source_name(file)
      @source_names ||= {}
      @source_names.clear if @source_names.size > 1_000
      @source_names[file] ||= File.basename(file.to_s).sub(/\.log[.\-].*\z/, ".log").gsub(/[0-9a-f]{6,}|\d+/, "*").freeze
    end
  end
end
