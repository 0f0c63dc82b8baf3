# frozen_string_literal: true

module LogContract
  # Reads times by the expressions of contract/times.ts, whose groups are the parts of a time. contract/times.ts does the
  # same for check-logs; a test compares the two.
  class Times
    MONTHS = %w[jan feb mar apr may jun jul aug sep oct nov dec].freeze
    DAY = 86_400
    LEADING = %r{\A\[?(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|\d{10}\.\d{1,9})(?=[\] \t\n|;,:]|\z)}.freeze

    # patterns: expressions; offsets: of zones by their names; zone: of times without one, as in the IANA database, or nil
    # for UTC
    def initialize(patterns, offsets, zone = nil)
      @offsets = offsets
      @patterns = patterns.map { |source| Regexp.new(source) }
      return if zone.nil?

      require "tzinfo"
      @zone = TZInfo::Timezone.get(zone)
    end

    # [nanoseconds since 1970, how finely the time is written], or nil for what is no time.
    def read(text, now)
      @patterns.each do |pattern|
        match = pattern.match(text)
        return time_of(match.named_captures, now) if match
      end
      nil
    end

    # The time that a text begins with, if it is of the last hour: another may be a row of data.
    def leading(text, now)
      time = LEADING.match(text)&.[](1)
      nano, = read(time, now) if time
      time if nano&.between?((now - 3600) * 1_000_000_000, (now + 1) * 1_000_000_000)
    end

    private

    def time_of(groups, now)
      seconds = groups["epoch"] ? groups["epoch"].to_i : seconds_of(groups, now)
      return nil if seconds.nil?

      digits = groups["fraction"] || groups["digits"] || ""
      tick = digits.empty? ? 1_000_000_000 : (digits.length <= 3 ? 1_000_000 : 1_000)
      [seconds * 1_000_000_000 + digits.ljust(9, "0").to_i, tick]
    end

    def seconds_of(groups, now)
      month = groups["monthName"] ? (MONTHS.index(groups["monthName"][0, 3].downcase) || -1) + 1 : groups["month"].to_i
      day = groups["day"].to_i
      hour = hour_of(groups["hour"].to_i, groups["meridiem"]&.downcase)
      minute = groups["minute"].to_i
      second = groups["second"].to_i
      return nil if hour.nil? || hour > 24 || minute > 59 || second > 60

      clock = hour * 3600 + minute * 60 + second
      year = groups["year"]
      return in_year(full_year(year), month, day, clock, groups["zone"]) if year

      this_year = Time.at(now).utc.year
      seconds = in_year(this_year, month, day, clock, groups["zone"])
      seconds.nil? || seconds > now + DAY ? in_year(this_year - 1, month, day, clock, groups["zone"]) : seconds
    end

    def in_year(year, month, day, clock, zone)
      return nil unless date?(year, month, day)

      local = midnight(year, month, day) + clock
      return local - fixed_offset(zone) if zone

      @zone ? local - zone_offset(local) : local
    end

    def date?(year, month, day)
      return false if month < 1 || month > 12 || day < 1
      return day <= 29 if month == 2 && (year % 4).zero? && (!(year % 100).zero? || (year % 400).zero?)

      day <= [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    end

    # Lines come in the order of time: the day is the one before's, mostly.
    def midnight(year, month, day)
      date = [year, month, day]
      return @midnight if date == @date

      @date = date
      @midnight = Time.utc(year, month, day).to_i
    end

    def hour_of(hour, meridiem)
      return hour if meridiem.nil?
      return nil unless hour.between?(1, 12)

      hour % 12 + (meridiem == "pm" ? 12 : 0)
    end

    def full_year(text)
      year = text.to_i
      text.length > 2 ? year : year + (year < 69 ? 2000 : 1900)
    end

    def fixed_offset(zone)
      match = /\A([+-])(\d\d):?(\d\d)?\z/.match(@offsets.fetch(zone, zone))
      return 0 if match.nil?

      (match[1] == "-" ? -1 : 1) * (match[2].to_i * 3600 + match[3].to_i * 60)
    end

    # At the end of summer time the first of the two that it may be.
    def zone_offset(local)
      before = offset_at(local - DAY)
      offset_at(local - before) == before ? before : offset_at(local + DAY)
    end

    def offset_at(seconds)
      @zone.period_for_utc(Time.at(seconds).utc).utc_total_offset
    end
  end
end
