# frozen_string_literal: true

require "fluent/plugin/out_http"
require_relative "log_points"

module Fluent::Plugin
  # out_http that writes the points in records to InfluxDB, a point a line, and puts those that it refuses into files.
  #
  # InfluxDB refuses a request for one of its points: such a request is halved, and each half sent, down to the points
  # that are refused alone. The others are stored; those that were already are the same points again.
  class InfluxdbWriteOutput < HTTPOutput
    Fluent::Plugin.register_output("influxdb_write", self)

    helpers :timer

    desc "The rendered contract."
    config_param :contract_path, :string, default: LogContract::Contract::PATH
    desc "Folder of the refused points: a file for each chunk that has some."
    config_param :refused_path, :string
    desc "Further folders whose files are removed when they are old or too many."
    config_param :bounded_paths, :array, value_type: :string, default: []
    desc "Files of points that version 0.1.0 was about to send again."
    config_param :earlier_files, :array, value_type: :string, default: []
    desc "Folder that is read, to which they are moved."
    config_param :earlier_path, :string, default: nil
    desc "How long files stay."
    config_param :keep_seconds, :time
    desc "How large all files of a folder may be; the oldest go first."
    config_param :keep_bytes, :size

    def configure(conf)
      super
      @points = LogContract::Points.new(LogContract::Contract.load(@contract_path))
    end

    def start
      move_earlier_files
      super
      timer_execute(:influxdb_write_old_files, 60) { [@refused_path, *@bounded_paths].each { |folder| remove_old(folder) } }
    end

    # Fluentd looks for it in the class itself.
    def format(_tag, _time, record)
      @points.of_record(record)
    end

    def write(chunk)
      uri = parse_endpoint(chunk)
      request = create_request(chunk, uri)
      send_request(uri, request)
    rescue Fluent::UnrecoverableError => error
      log.warn "InfluxDB refuses points", error: error.message[0, 500], chunk: dump_unique_id_hex(chunk.unique_id)
      keep(chunk, refused(uri, request, request.body.lines))
    end

    # The points of these lines that InfluxDB refuses alone. The lines have been refused together.
    def refused(uri, request, lines)
      return lines if lines.length == 1

      lines.each_slice((lines.length + 1) / 2).flat_map do |half|
        request.body = half.join
        begin
          send_request(uri, request)
          []
        rescue Fluent::UnrecoverableError
          refused(uri, request, half)
        end
      end
    end

    def remove_old(folder)
      now = Time.now
      total = 0
      files = Dir.glob(File.join(folder, "*")).map { |file| [file, File.stat(file)] }
      files.sort_by { |_, stat| -stat.mtime.to_r }.each do |file, stat|
        total += stat.size
        File.delete(file) if now - stat.mtime > @keep_seconds || total > @keep_bytes
      end
    rescue SystemCallError => error
      # A file that was removed meanwhile.
      log.debug "files of #{folder}", error: error
    end

    private

    def move_earlier_files
      @earlier_files.flat_map { |pattern| Dir.glob(pattern) }.each do |file|
        FileUtils.mkdir_p(@earlier_path)
        name = [File.basename(File.dirname(file)), File.basename(file, ".log"), "log"].join(".")
        File.rename(file, File.join(@earlier_path, name))
      end
    end

    # Under a name that is the chunk's: when it is sent again after a crash, its points are not counted twice.
    def keep(chunk, lines)
      FileUtils.mkdir_p(@refused_path)
      file = File.join(@refused_path, "#{dump_unique_id_hex(chunk.unique_id)}.log")
      return if lines.empty? || File.exist?(file)

      File.write("#{file}.new", lines.join)
      File.rename("#{file}.new", file)
    end
  end
end
