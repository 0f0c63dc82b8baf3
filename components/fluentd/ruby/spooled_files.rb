# frozen_string_literal: true

# Bounds the files that the aggregator's outputs write beside its buffer: no core plugin does. Part of LogContract, loaded
# by log_contract.rb.
module LogContract
  module_function

  # Passes the point on; once a minute it removes what is older than `seconds` in the folder, and the oldest beyond
  # `bytes` altogether.
  def keep_files(point, directory, seconds, bytes)
    each_minute(directory) do |now, files|
      total = 0
      files.sort_by { |_, stat| -stat.mtime.to_r }.each do |file, stat|
        total += stat.size
        File.delete(file) if now - stat.mtime.to_i > seconds || total > bytes
      end
    end
    point
  end

  # Passes the point on; once a minute it removes what has been read to its end in the folder, by the positions that
  # in_tail keeps in `directory`.pos, and has not been written to for a minute.
  def drop_read(point, directory)
    each_minute(directory) do |now, files|
      positions = File.foreach("#{directory}.pos").to_h { |line| line.split("\t").values_at(0, 1) }
      files.each do |file, stat|
        File.delete(file) if now - stat.mtime.to_i > 60 && positions[file]&.hex == stat.size
      end
    end
    point
  end

  @looked = Hash.new(0)
  def each_minute(directory)
    now = Process.clock_gettime(Process::CLOCK_REALTIME, :second)
    return if now - @looked[directory] < 60

    @looked[directory] = now
    yield now, Dir.glob(File.join(directory, "*")).map { |file| [file, File.stat(file)] }
  rescue SystemCallError
    # The folder does not exist yet, or a file was removed meanwhile.
  end
end
