import { influxDbUnreachable } from "../alerts/influxDbUnreachable";
import { type AlertRule, placeLabels, routings } from "../alerts/rule";
import { integrations, isSpecific, type Receivers, type SentSeverity, takes, waysOf } from "./receivers";

/** A route as Alertmanager's configuration has it. */
interface Route {
  receiver: string;
  matchers?: string[];
  routes?: Route[];
  continue?: true;
  mute_time_intervals?: string[];
}

/** Name of the `time_intervals` in which a receiver is left in peace, by severity. */
export function quietName(receiver: string, severity: SentSeverity): string {
  return `${receiver}-${severity}`;
}

/** Name of the receiver that tells people that something began, and not that it is over. */
export const withoutEnds = (receiver: string): string => `${receiver}/begins`;

/**
 * The tree of routes. Of the first level, one is taken, by the rule's routing and the severity; below it, an alert goes to
 * each receiver that names its app or team, or, where none does, to those that name neither.
 *
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#route-related-settings
 */
export function routeTree(rules: readonly AlertRule[], receivers: Receivers): Route {
  const routed = (routing: AlertRule["routing"], sendsEnd = true): string[] => {
    const names = rules
      .filter((rule) => rule.routing === routing && (rule.sendsEnd ?? true) === sendsEnd)
      .map(({ name }) => name);
    return names.length === 0 ? [] : [matcher("alertname", names)];
  };
  const critical = 'severity="critical"';
  const branch = (severity: SentSeverity, routing: keyof typeof routings, matchers: string[]): Route => ({
    receiver: "none",
    matchers,
    ...timing(routing),
    routes: receiverRoutes(receivers, severity),
  });
  /** Events are warnings. */
  const beginnings = (routing: "run" | "warning", matchers: string[]): Route => ({
    ...branch("warning", routing, matchers),
    routes: receiverRoutes(receivers, "warning").map((route) => ({
      ...route,
      receiver: withoutEnds(route.receiver),
    })),
  });
  const { routes, ...warnings } = branch("warning", "warning", []);
  delete warnings.matchers;
  return {
    ...warnings,
    routes: [
      ...routed("watchdog").map((rule) => ({
        receiver: "watchdog",
        matchers: [rule],
        ...timing("watchdog"),
      })),
      { receiver: "none", matchers: ['severity="info"'] },
      ...secondChannels(receivers),
      ...routed("run").flatMap((rule) => [
        branch("critical", "run", [critical, rule]),
        branch("warning", "run", [rule]),
      ]),
      ...routed("run", false).map((rule) => beginnings("run", [rule])),
      ...routed(undefined, false).map((rule) => beginnings("warning", [rule])),
      branch("critical", "critical", [critical]),
      ...(routes ?? []),
    ],
  };
}

/** Routes to the receivers of a severity: to those that name an app or a team, then to the others with the rest. */
function receiverRoutes(receivers: Receivers, severity: SentSeverity): Route[] {
  const taking = Object.entries(receivers).filter(([, receiver]) => takes(receiver, severity));
  const specific = taking.filter(([, receiver]) => isSpecific(receiver));
  const named = (label: "services" | "owners"): string[] => [
    ...new Set(specific.flatMap(([, receiver]) => receiver[label] ?? [])),
  ];
  const rest = [...except("service", named("services")), ...except("owner", named("owners"))];
  return [...specific, ...taking.filter(([, receiver]) => !isSpecific(receiver))].map(([name, receiver]) => {
    const { services, owners, all = false, quietTimes = [] } = receiver;
    const own = [
      ...(services ? [matcher("service", services)] : []),
      ...(owners ? [matcher("owner", owners)] : []),
    ];
    const matchers = isSpecific(receiver) ? own : all ? [] : rest;
    const quiet = quietTimes.some(({ severities = ["warning"] }) => severities.includes(severity));
    return {
      receiver: name,
      ...(matchers.length > 0 && { matchers }),
      continue: true,
      ...(quiet && { mute_time_intervals: [quietName(name, severity)] }),
    };
  });
}

/** That messages of a way can't be delivered is sent to receivers with another way, where there are any. */
function secondChannels(receivers: Receivers): Route[] {
  const all = Object.entries(receivers);
  const used = [...new Set(all.flatMap(([, receiver]) => waysOf(receiver)))];
  return used.flatMap((way) => {
    const others = all.filter(([, receiver]) => waysOf(receiver).some((other) => other !== way));
    const general = others.filter(([, receiver]) => !isSpecific(receiver) && takes(receiver, "critical"));
    const reached = general.length > 0 ? general : others;
    if (reached.length === 0) return [];
    return [
      {
        receiver: "none",
        matchers: ['alertname="NotificationsFailing"', `integration="${integrations[way]}"`],
        ...timing("critical"),
        routes: reached.map(([receiver]) => ({ receiver, continue: true as const })),
      },
    ];
  });
}

/** A routing as Alertmanager writes it. */
function timing(name: keyof typeof routings) {
  const { groupBy, groupWait, groupInterval, repeatInterval } = routings[name];
  return {
    group_by: [...groupBy],
    group_wait: groupWait,
    group_interval: groupInterval,
    repeat_interval: repeatInterval,
  };
}

/**
 * One alert silences those that name it, where all labels of their place are equal that both rules have. A label that both alerts lack
 * counts as equal, so each is also required to be there. While InfluxDB does not answer, what it posted before ends, and is
 * not known to be over.
 */
export function inhibitions(rules: readonly AlertRule[]): unknown[] {
  const whileAway = {
    source_matchers: [matcher("alertname", [influxDbUnreachable])],
    target_matchers: [
      matcher(
        "alertname",
        rules.map(({ name }) => name),
      ),
    ],
  };
  const ofRules = rules.flatMap((source) => {
    const targets = rules.filter(({ inhibitedBy }) => inhibitedBy.includes(source.name));
    const common = (target: AlertRule): string =>
      placeLabels(target)
        .filter((label) => source.labels.includes(label))
        .join();
    return [...new Set(targets.map(common))].map((labels) => {
      const equal = labels.split(",");
      const present = equal.map((label) => `${label}!=""`);
      const names = targets.filter((target) => common(target) === labels).map(({ name }) => name);
      return {
        source_matchers: [matcher("alertname", [source.name]), ...present],
        target_matchers: [matcher("alertname", names), ...present],
        equal,
      };
    });
  });
  return [...ofRules, whileAway];
}

/** Matches alerts whose label has one of the values. */
function matcher(label: string, values: readonly string[]): string {
  return values.length === 1 ? `${label}=${quoted(String(values[0]))}` : `${label}=~${anyOf(values)}`;
}

/** Matches alerts whose label has none of the values. */
function except(label: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${label}!~${anyOf(values)}`];
}

function anyOf(values: readonly string[]): string {
  return quoted(values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"));
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
