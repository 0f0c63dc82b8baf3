# frozen_string_literal: true

require "delegate"
require "fluent/plugin/in_tail"
require_relative "log_joiner"
require_relative "log_parser"

module Fluent::Plugin
  # in_tail that joins the lines of a record, and says where in the file each begins.
  #
  # Records have the keys `message`, `file` and `offset`. A line that begins no record is never dropped; the position of
  # a record is passed in the position file only when the record has been emitted, so that a killed process reads it
  # again; and a last line without a line break is emitted when its file is left.
  class LogFilesInput < TailInput
    Fluent::Plugin.register_input("log_files", self)

    desc "Join the lines of a record. Without it each line is one."
    config_param :join, :bool, default: true
    desc "What the first line of a record looks like. By default: not indented, and no part of a traceback."
    config_param :record_start, :string, default: nil
    desc "The rendered contract."
    config_param :contract_path, :string, default: LogContract::Contract::PATH
    desc "Which of the contract's formats the records have: what no format knows may be a part of an exception's message."
    config_param :format, :string, default: nil

    def configure(conf)
      super
      @start_pattern = @record_start && Regexp.new(@record_start)
      @known = @format && known_by(LogContract::Contract.load(@contract_path))
      @joiners = {}.compare_by_identity
      @handlers = {}.compare_by_identity
      @joiners_mutex = Mutex.new
    end

    def start
      super
      timer_execute(:log_files_quiet_records, LogContract::Joiner::QUIET_SECONDS / 2, &method(:emit_quiet)) if @join
    end

    # A timer whose block has failed is never started again, and no new file would be found: begin anew. The disk is full.
    def refresh_watchers
      super
    rescue SystemCallError => error
      log.error "files can not be followed, the worker is started anew", error: error
      Process.kill("TERM", Process.pid)
    end

    def setup_watcher(target_info, position)
      super(target_info, position && RecordPosition.of(position))
    end

    # Called by in_tail with the lines that it has read, before it moves the position behind them.
    def parse_singleline(lines, tail_watcher)
      stream = Fluent::MultiEventStream.new
      offset = tail_watcher.pe.read_pos
      @joiners_mutex.synchronize do
        lines.each do |line|
          bytes = line.bytesize
          add(stream, tail_watcher, line.chomp!("\n") || line, offset)
          offset += bytes
        end
        hold(tail_watcher)
      end
      stream
    end

    def detach_watcher(tail_watcher, inode, close_io = true)
      super
      stream = Fluent::MultiEventStream.new
      @joiners_mutex.synchronize do
        # What is left of the file after its last line break.
        rest = @handlers.delete(tail_watcher)&.instance_variable_get(:@fifo)&.buffer
        add(stream, tail_watcher, rest.dup, tail_watcher.pe.read_pos) unless rest.nil? || rest.empty?
        emit_record(stream, tail_watcher, @joiners.delete(tail_watcher)&.take)
      end
      router.emit_stream(@tag, stream) unless stream.empty?
      pass(tail_watcher)
    end

    private

    def known_by(contract)
      format = contract.formats[@format]
      raise Fluent::ConfigError, "format #{@format} is not in #{@contract_path}" if format.nil?

      LogContract::Parser.new(contract, format).method(:known?)
    end

    def io_handler(tail_watcher, path)
      @handlers[tail_watcher] = super
    end

    def add(stream, tail_watcher, line, offset)
      line.force_encoding(Encoding::UTF_8)
      return emit_record(stream, tail_watcher, [line, offset]) unless @join

      joiner = @joiners[tail_watcher] ||= LogContract::Joiner.new(@start_pattern, @known)
      emit_record(stream, tail_watcher, joiner.add(LogContract.valid_text(line), offset, Fluent::Clock.now))
    end

    def emit_record(stream, tail_watcher, record)
      return if record.nil?

      # A time for each: lines without one of their own are told apart by it.
      stream.add(Fluent::EventTime.now, { "message" => record[0], "file" => tail_watcher.path, "offset" => record[1] })
    end

    def hold(tail_watcher)
      position = tail_watcher.pe
      position.held = @joiners[tail_watcher]&.offset if position.is_a?(RecordPosition)
    end

    def emit_quiet
      now = Fluent::Clock.now
      stream = Fluent::MultiEventStream.new
      emitted = []
      @joiners_mutex.synchronize do
        @joiners.each do |tail_watcher, joiner|
          next unless joiner.quiet?(now)

          emit_record(stream, tail_watcher, joiner.take)
          emitted << tail_watcher
        end
      end
      return if stream.empty?

      router.emit_stream(@tag, stream)
      emitted.each { |tail_watcher| pass(tail_watcher) }
    rescue StandardError => error
      # The error is known: what could not be emitted was logged, or is in the label @ERROR.
      log.error "records could not be emitted", error: error
    end

    # The position may move behind the record that was held.
    def pass(tail_watcher)
      @joiners_mutex.synchronize do
        hold(tail_watcher)
        position = tail_watcher.pe
        position.update_pos(position.read_pos) if position.is_a?(RecordPosition) && !tail_watcher.unwatched
      end
    end

    # A position that is written to the file only up to the record that is held.
    class RecordPosition < SimpleDelegator
      def self.of(position)
        position.is_a?(self) ? position : new(position)
      end

      attr_writer :held

      def read_pos
        @read || super
      end

      def update(inode, position)
        @read = position
        @held = nil
        super
      end

      def update_pos(position)
        @read = position
        @held = nil if @held && @held > position
        super(@held || position)
      end
    end
  end
end
