# frozen_string_literal: true

# Unit tests of the Fluentd plugins, with Fluentd's own test drivers. plugins.test.ts runs them: PLUGINS names the folder
# of a rendered configuration.

require "fluent/test"
require "fluent/test/driver/filter"
require "fluent/test/driver/input"
require "fluent/test/driver/output"
require "fluent/test/helpers"
require "socket"
require "tmpdir"

$LOAD_PATH.unshift(ENV.fetch("PLUGINS"))
%w[in_log_files filter_log_contract filter_dead_letter out_influxdb_write out_log_forward out_full_text].each { |file| require file }

class PluginTest < Test::Unit::TestCase
  include Fluent::Test::Helpers

  def setup
    Fluent::Test.setup
    @folder = Dir.mktmpdir
  end

  def teardown
    FileUtils.rm_rf(@folder)
  end

  def write(name, text, mode = "a")
    File.open(File.join(@folder, name), mode) { |file| file.write(text) }
  end

  def points
    LogContract::Points.new(LogContract::Contract.load(LogContract::Contract::PATH))
  end

  # The events of the points in records.
  def events_in(records)
    records.flat_map { |record| points.of_record(record).lines(chomp: true) }.map { |point| points.read(point) }
  end
end

class LogFilesInputTest < PluginTest
  def driver(more = "")
    config = %(tag logs\npath #{@folder}/*.log\npos_file #{@folder}/pos\nread_from_head true\nrefresh_interval 0.2\n#{more}\n<parse>\n@type none\n</parse>)
    Fluent::Test::Driver::Input.new(Fluent::Plugin::LogFilesInput).configure(config)
  end

  def messages(driver)
    driver.events.map { |_, _, record| record["message"] }
  end

  def position
    File.read(File.join(@folder, "pos"))[/\t(\h+)\t/, 1].to_i(16)
  end

  test "a file that begins with a traceback, and one that comes later, are a record each" do
    traceback = "Traceback (most recent call last):\n  File \"train.py\", line 1\nValueError: bad"
    write("a.log", "#{traceback}\nepoch 1 done\n")
    tail = driver
    tail.run(expect_emits: 3, timeout: 10) do
      sleep 1.5
      write("a.log", "#{traceback}\n")
    end
    assert_equal [traceback, "epoch 1 done", traceback], messages(tail)
    assert_equal [0, traceback.bytesize + 1, traceback.bytesize + 14], tail.events.map { |_, _, record| record["offset"] }
  end

  test "the position passes a record only when it has been emitted, and a last line without a break is emitted at the end" do
    write("a.log", "one\ntwo\nrest")
    held = nil
    tail = driver
    tail.run(expect_emits: 1, timeout: 10) do
      sleep 0.05 until tail.events.any?
      held = position if tail.events.length == 1
    end
    assert_equal 4, held
    assert_equal %w[one two rest], messages(tail)
  end

  test "a file is read on from the record that was held when the process was killed" do
    write("a.log", "one\ntwo\n")
    inode = File.stat(File.join(@folder, "a.log")).ino
    File.write(File.join(@folder, "pos"), Kernel.format("%s\t%016x\t%016x\n", File.join(@folder, "a.log"), 4, inode))
    tail = driver
    tail.run(expect_emits: 1, timeout: 10)
    assert_equal [["two", 4]], tail.events.map { |_, _, record| record.values_at("message", "offset") }
  end

  test "without joining each line is a record, at once" do
    write("a.log", "{\"a\":1}\n  indented\n")
    tail = driver("join false")
    tail.run(expect_emits: 1, timeout: 10)
    assert_equal ["{\"a\":1}", "  indented"], messages(tail)
  end
end

class LogContractFilterTest < PluginTest
  def events(records, config = "format auto\npod_name pod-0")
    driver = Fluent::Test::Driver::Filter.new(Fluent::Plugin::LogContractFilter).configure(config)
    driver.run(default_tag: "logs") { records.each { |record| driver.feed(event_time("2026-11-28 00:00:00 UTC"), record) } }
    events_in(driver.filtered_records)
  end

  def lines(file, text, count = 10)
    Array.new(count) { |index| { "message" => text, "file" => file, "offset" => index * (text.bytesize + 1) } }
  end

  test "alike lines of one instant are points of their own, in one file and in two" do
    access = %(10.0.0.7 - - [28/Nov/2026:02:00:01 +0000] "GET /predict HTTP/1.1" 200 12 "-" "curl/8.5")
    both = lines("/l/a.log", access) + lines("/l/b.log", access)
    times = events(both).map { |event| event["time_unix_nano"] }
    assert_equal 20, times.uniq.length
    assert times.all? { |time| time / 1_000_000_000 == Time.utc(2026, 11, 28, 2, 0, 1).to_i }
    # A file that is read a second time gives the same points.
    assert_equal times, events(both).map { |event| event["time_unix_nano"] }
  end

  test "alike lines of microseconds and nanoseconds, out of order, are points of their own" do
    %w[2026-11-28T00:00:05.100 2026-11-28T00:00:05.100123 2026-11-28T00:00:05.100123456].each do |time|
      text = "#{time}Z INFO retry: connection lost #{'x' * 120}"
      times = events(lines("/l/a.log", text, 40)).map { |event| event["time_unix_nano"] }
      assert_equal 40, times.uniq.length, time
      assert_equal [Time.iso8601("#{time}Z").strftime("%s%L")], times.map { |one| (one / 1_000_000).to_s }.uniq
    end
  end

  test "blank records are dropped, and a mistake costs no line" do
    assert_equal [], events([{ "message" => " \t", "file" => "/l/a.log", "offset" => 0 }])
    event = events([{ "message" => nil, "file" => "/l/a.log", "offset" => 0 }]).first
    assert_equal "log.unparsed", event["event_name"]
    assert event.key?("contract.error")
  end

  test "a line of 16 KB of pairs takes less than a tenth of a second" do
    pairs = "INFO[2026-11-28T00:00:00Z] #{'a=b ' * 4_000}word"
    started = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    assert_equal 1, events([{ "message" => pairs, "file" => "/l/a.log", "offset" => 0 }]).length
    assert Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - started < 0.1
  end

  test "numbers and random parts of a file's name are no tag" do
    names = %w[/l/worker-12.log /l/app.log.1 /l/3f9a2b7c.log].map { |file| events(lines(file, "x", 1)).first["log.file.name"] }
    assert_equal %w[worker-*.log app.log *.log], names
  end

  test "an unknown format is refused" do
    assert_raise(Fluent::ConfigError) { events([], "format none") }
  end
end

class PointsTest < PluginTest
  def write_point(event)
    points.write(event)
  end

  test "an event is a point: tags in order, numbers as floats, texts escaped" do
    event = { "event_name" => "log", "service.name" => "a b", "body" => "x \"y\"\nz", "n" => 1, "time_unix_nano" => 1 }
    assert_equal %(log,environment=test,service=a\\ b body="x \\"y\\"\u2028z",n=1.0 1), write_point(event)
  end

  test "what is no event is a point all the same" do
    assert_match(/\Alog\.unparsed,environment=test,service=svc body="5" \d+\z/, write_point(5))
    assert_match(/ unnamed=1\.0 /, write_point({ "event_name" => "log", "" => 1.0 }))
  end

  test "a record has points, or an event as sidecars of 0.1.0 send it" do
    assert_equal "m f=1 1\n", points.of_record({ "message" => "m f=1 1" })
    assert_equal "m f=1 1\nm f=1 2\n", points.of_record({ "message" => "m f=1 1\nm f=1 2\n" })
    event = { "event_name" => "log", "body" => "x", "time_unix_nano" => 1 }
    assert_equal %(log,environment=test,service=svc body="x" 1\n), points.of_record({ "event" => event })
  end

  test "an event is read of its point" do
    event = {
      "event_name" => "a.b c", "service.name" => "s,=\u00e4 t", "deployment.environment.name" => "test",
      "body" => "a \"b\" \\\" , body=\"x\\\n\\\\", "odd, k=y" => -1.5e-7, "text.time" => "", "time_unix_nano" => 1_709_806_532_123_456_789
    }
    assert_equal event, points.read(write_point(event))
    random = Random.new(13)
    alphabet = ["a", " ", ",", "=", "\"", "\\", "\n", "\u00e9", "{"]
    2_000.times do
      one = { "event_name" => "log", "service.name" => "svc", "deployment.environment.name" => "test", "time_unix_nano" => 5 }
      2.times { |index| one["text.#{index}"] = Array.new(random.rand(9)) { alphabet.sample(random: random) }.join }
      assert_equal one, points.read(write_point(one))
    end
  end

  test "what points are made of is remembered up to a bound" do
    one = points
    25_000.times { |index| one.write({ "event_name" => "e#{index}", "service.name" => "s#{index}", "k#{index}" => 1.0 }) }
    sizes = [one.instance_variable_get(:@series), one.instance_variable_get(:@common_kind).fields].map(&:size)
    assert sizes.min.between?(1_000, LogContract::Points::MAX_REMEMBERED + 10), sizes.to_s
  end
end

class DeadLetterFilterTest < PluginTest
  def events(messages, config = "")
    driver = Fluent::Test::Driver::Filter.new(Fluent::Plugin::DeadLetterFilter).configure(config)
    driver.run(default_tag: "t") { messages.each_with_index { |one, index| driver.feed({ "message" => one, "offset" => index * 20 }) } }
    events_in(driver.filtered_records)
  end

  test "refused points are counted each, and what counts them never again" do
    found = events(["m f=1 1", "m f=1 1", "log.dead_letter,x=y f=1 1"])
    assert_equal ["m f=1 1"] * 2, found.map { |event| event["dead_letter.line"] }
    assert_equal 2, found.map { |event| event["time_unix_nano"] }.uniq.length
  end

  test "of Fluentd's own messages those on lost chunks are" do
    found = events(["bad chunk is moved to /x", "fluentd worker is now running"], "pattern /bad chunk is moved to |backup failed/")
    assert_equal ["bad chunk is moved to /x"], found.map { |event| event["dead_letter.line"] }
  end
end

# A server that answers each request by what `answer` says of it: status and body.
module HttpServer
  def with_http
    server = TCPServer.new("127.0.0.1", 0)
    requests = []
    thread = Thread.new do
      loop do
        socket = server.accept
        path = socket.gets.split[1]
        headers = {}
        while (line = socket.gets.to_s) != "\r\n"
          key, value = line.split(": ", 2)
          headers[key.downcase] = value.strip
        end
        requests << { path: path, headers: headers, body: socket.read(headers["content-length"].to_i) }
        status, body = answer(requests.last)
        socket.write("HTTP/1.1 #{status} x\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
        socket.close
      end
    end
    yield server.addr[1], requests
  ensure
    thread.kill
    server.close
  end
end

class InfluxdbWriteOutputTest < PluginTest
  include HttpServer

  # An InfluxDB that refuses requests with "bad" in them, and answers `@status` to all of them where it is given.
  def answer(request)
    [@status || (request[:body].include?("bad") ? 422 : 204), ""]
  end

  def driver(port, more = "")
    Fluent::Test::Driver::Output.new(Fluent::Plugin::InfluxdbWriteOutput).configure("#{more}\n#{<<~CONFIG}")
      endpoint http://127.0.0.1:#{port}/write
      content_type text/plain
      retryable_response_codes 503
      error_response_as_unrecoverable true
      refused_path #{@folder}/dead
      keep_seconds 60
      keep_bytes 100
      <format>
        @type single_value
      </format>
      <buffer>
        @type memory
        flush_mode immediate
      </buffer>
    CONFIG
  end

  test "a request that is refused for two of a hundred points costs those two only" do
    with_http do |port, requests|
      output = driver(port)
      points = Array.new(100) { |index| [31, 77].include?(index) ? "bad #{index}" : "good #{index}" }
      output.run(default_tag: "t") { output.feed(points.map { |point| [event_time, { "message" => point }] }) }
      assert_equal ["bad 31\n", "bad 77\n"], Dir.glob("#{@folder}/dead/*.log").flat_map { |file| File.readlines(file) }
      stored = requests.map { |request| request[:body] }.reject { |body| body.include?("bad") }.flat_map(&:lines)
      assert_equal points.grep(/good/).sort, stored.map(&:chomp).uniq.sort
      assert requests.length < 40, "#{requests.length} requests"
    end
  end

  test "what may pass later is neither kept nor refused" do
    @status = 503
    with_http do |port, _|
      output = driver(port).instance
      output.start
      chunk = Fluent::Plugin::Buffer::MemoryChunk.new(output.buffer.new_metadata).tap { |one| one.append(["good\n"]) }
      assert_raise(Fluent::Plugin::HTTPOutput::RetryableResponse) { output.write(chunk) }
      assert_equal [], Dir.glob("#{@folder}/dead/*")
    end
  end

  test "a chunk that is sent again after a crash keeps its refused points once" do
    with_http do |port, _|
      output = driver(port).instance
      output.start
      chunk = Fluent::Plugin::Buffer::MemoryChunk.new(output.buffer.new_metadata).tap { |one| one.append(["bad\n", "good\n"]) }
      2.times { output.write(chunk) }
      files = Dir.glob("#{@folder}/dead/*.log")
      assert_equal [["bad\n"]], (files.map { |file| File.readlines(file) })
    end
  end

  test "requests that version 0.1.0 was about to send again are moved to where points are read" do
    { "retry-500/refused.0" => "a\n", "retry-1/refused.3" => "b\n", "buffer-retry-20/buffer.q5.log" => "c\n" }.each do |name, text|
      FileUtils.mkdir_p(File.dirname("#{@folder}/#{name}"))
      File.write("#{@folder}/#{name}", text)
    end
    driver(1, "earlier_files #{@folder}/retry-*/refused*,#{@folder}/buffer-retry-*/buffer.*.log\nearlier_path #{@folder}/read").instance.start
    files = Dir.glob("#{@folder}/read/*.log").to_h { |file| [File.basename(file), File.read(file)] }
    expected = { "retry-500.refused.0.log" => "a\n", "retry-1.refused.3.log" => "b\n", "buffer-retry-20.buffer.q5.log" => "c\n" }
    assert_equal expected, files
  end

  test "files go when they are old, or too many" do
    output = driver(1).instance
    FileUtils.mkdir_p("#{@folder}/dead")
    { "old" => [1, 1000], "first" => [60, 30], "second" => [60, 20], "third" => [30, 10] }.each do |name, (bytes, age)|
      File.write("#{@folder}/dead/#{name}.log", "x" * bytes)
      File.utime(Time.now - age, Time.now - age, "#{@folder}/dead/#{name}.log")
    end
    output.remove_old("#{@folder}/dead")
    assert_equal %w[second.log third.log], Dir.children("#{@folder}/dead").sort
    output.remove_old("#{@folder}/absent")
  end
end

class FullTextOutputTest < PluginTest
  include HttpServer

  EVENTS = [
    { "event_name" => "log", "body" => "first", "severity_text" => "ERROR", "service.name" => "a", "text.user" => "u", "time_unix_nano" => 1_709_806_532_123_456_789 },
    { "event_name" => "log.unparsed", "body" => "second", "service.name" => "b", "time_unix_nano" => 1_709_806_532_000_000_001 },
    { "event_name" => "http.server.request", "service.name" => "a", "http.route" => "/", "time_unix_nano" => 1 },
    { "event_name" => "http.server.request", "service.name" => "a", "exception.stacktrace" => "Traceback", "time_unix_nano" => 2_000_000_000 }
  ].freeze

  def answer(_request)
    @answers&.shift || [204, ""]
  end

  def driver(kind, port)
    path = kind == "loki" ? "/loki/api/v1/push" : "/logs/_bulk"
    Fluent::Test::Driver::Output.new(Fluent::Plugin::FullTextOutput).configure(<<~CONFIG)
      kind #{kind}
      endpoint http://127.0.0.1:#{port}#{path}
      content_type application/json
      retryable_response_codes 503
      headers {"X-Scope-OrgID":"team"}
      <auth>
        username writer
        password secret
      </auth>
      <buffer>
        @type memory
        flush_mode immediate
      </buffer>
    CONFIG
  end

  def send_events(kind, port)
    output = driver(kind, port)
    output.run(default_tag: "t") { output.feed([[event_time, { "message" => EVENTS.map { |event| points.write(event) }.join("\n") }]]) }
  end

  test "Loki gets streams of labels, each with its lines" do
    with_http do |port, requests|
      send_events("loki", port)
      assert_equal ["/loki/api/v1/push", "team", "Basic d3JpdGVyOnNlY3JldA=="],
                   [requests[0][:path], requests[0][:headers]["x-scope-orgid"], requests[0][:headers]["authorization"]]
      streams = JSON.parse(requests[0][:body])["streams"].to_h { |one| [one["stream"], one["values"].map { |time, line| [time, JSON.parse(line)] }] }
      first = { "event_name" => "log", "body" => "first", "severity_text" => "ERROR", "service.name" => "a", "deployment.environment.name" => "test", "attributes" => '{"text.user":"u"}' }
      assert_equal [["1709806532123456789", first]],
                   streams[{ "service_name" => "a", "environment" => "test", "severity" => "ERROR" }]
      assert_equal "second", streams[{ "service_name" => "b", "environment" => "test" }][0][1]["body"]
      # A request without a text is none.
      assert_equal 3, streams.values.flatten(1).length
    end
  end

  test "Elasticsearch gets documents of ids that stay when they are sent again, and what is refused for the moment is" do
    busy = { errors: true, items: [{ create: { status: 201 } }, { create: { status: 429, error: {} } }, { create: { status: 201 } }] }
    done = { errors: true, items: [{ create: { status: 409 } }, { create: { status: 201 } }, { create: { status: 400, error: {} } }] }
    @answers = [[200, busy.to_json], [200, done.to_json]]
    with_http do |port, requests|
      output = driver("elasticsearch", port).instance
      output.start
      lines = EVENTS.map { |event| output.format("t", event_time, { "message" => points.write(event) }) }
      chunk = Fluent::Plugin::Buffer::MemoryChunk.new(output.buffer.new_metadata).tap { |one| one.append(lines) }
      assert_raise(Fluent::Plugin::HTTPOutput::RetryableResponse) { output.write(chunk) }
      output.write(chunk)
      assert_equal requests[0][:body], requests[1][:body]
      actions, documents = requests[0][:body].lines.map { |line| JSON.parse(line) }.partition { |one| one.key?("create") }
      assert_equal 3, actions.map { |action| action["create"]["_id"] }.uniq.length
      assert_equal %w[2024-03-07T10:15:32.123456789Z 2024-03-07T10:15:32.000000001Z 1970-01-01T00:00:02.000000000Z],
                   documents.map { |document| document["@timestamp"] }
      assert_equal ["first", "second", nil], documents.map { |document| document["body"] }
    end
  end

  test "what is refused for good does not hold up what follows, what is refused for the moment is sent again" do
    { 400 => false, 413 => false, 401 => true, 404 => true, 429 => true, 500 => true, 503 => true }.each do |status, again|
      @answers = [[status, "no"]]
      with_http do |port, _|
        output = driver("loki", port).instance
        output.start
        chunk = Fluent::Plugin::Buffer::MemoryChunk.new(output.buffer.new_metadata)
        chunk.append([output.format("t", event_time, { "message" => points.write(EVENTS[0]) })])
        if again
          assert_raise(Fluent::Plugin::HTTPOutput::RetryableResponse, status.to_s) { output.write(chunk) }
        else
          assert_nothing_raised(status.to_s) { output.write(chunk) }
        end
      end
    end
  end
end

class LogForwardOutputTest < PluginTest
  test "a chunk that was not acknowledged is not sent again at once" do
    driver = Fluent::Test::Driver::Output.new(Fluent::Plugin::LogForwardOutput).configure(<<~CONFIG)
      require_ack_response true
      heartbeat_type none
      <server>
        host 127.0.0.1
        port 1
      </server>
      <buffer>
        @type memory
        retry_wait 5
      </buffer>
    CONFIG
    output = driver.instance
    output.start
    output.emit_events("t", Fluent::OneEventStream.new(event_time, { "message" => "x" }))
    output.buffer.enqueue_all
    chunk = output.buffer.dequeue_chunk
    output.rollback_write(chunk.unique_id, update_retry: false)
    assert output.retry.next_time > Time.now + 1
    output.stop
    %i[before_shutdown shutdown after_shutdown close terminate].each { |step| output.public_send(step) }
  end
end

# Fluentd's argument is not for this.
ARGV.clear
succeeded = Test::Unit::AutoRunner.run
$stdout.flush
exit!(succeeded ? 0 : 1)
