/** Features of the example model. */
interface Penguin {
  bill_length_mm: number;
  bill_depth_mm: number;
  flipper_length_mm: number;
  body_mass_g: number;
}

/** One request that is sent. */
export interface PlannedRequest {
  user: string;
  /** JSON body. */
  body: string;
  /** Status that the API has to answer with. */
  expectedStatus: 200 | 400;
}

/** Totals of a plan, as the database has to hold them. */
export interface PlannedTotals {
  requests: number;
  /** Invalid requests (status 400). */
  badRequests: number;
  /** Distinct bodies. */
  uniqueRequests: number;
  uniqueUsers: number;
}

/** How the requests of a plan are spread. */
export interface PlanOptions {
  /** Number of requests; at least 1. */
  requests: number;
  /** Users that they come from, in turn. @default 25 */
  users?: number;
  /** Distinct bodies, in turn; the last of them is invalid. @default 40 */
  bodies?: number;
}

/** Requests of known users with known bodies; the result is the same for each call. */
export function planRequests(options: PlanOptions): PlannedRequest[] {
  const { requests, users = 25, bodies = 40 } = options;
  return Array.from({ length: requests }, (_, index) => {
    const body = index % bodies;
    const isWrong = body === bodies - 1;
    return {
      user: `user-${index % users}`,
      body: JSON.stringify(isWrong ? { bill_length_mm: "unknown" } : penguin(body)),
      expectedStatus: isWrong ? 400 : 200,
    };
  });
}

/** Penguins of different sizes, so that the model answers with each species. */
function penguin(index: number): Penguin {
  return {
    bill_length_mm: 36 + (index % 15),
    bill_depth_mm: 20 - (index % 7),
    flipper_length_mm: 180 + index,
    body_mass_g: 3200 + 50 * index,
  };
}

/** The totals of planned requests. */
export function totalsOf(plan: readonly PlannedRequest[]): PlannedTotals {
  return {
    requests: plan.length,
    badRequests: plan.filter(({ expectedStatus }) => expectedStatus === 400).length,
    uniqueRequests: new Set(plan.map(({ body }) => body)).size,
    uniqueUsers: new Set(plan.map(({ user }) => user)).size,
  };
}

/** Requests in flight at a time. */
const concurrency = 4;

/**
 * Send each planned request once, a few at a time.
 *
 * @param url base URL of the API
 * @throws Error on the first answer of another status than planned
 */
export async function sendRequests(url: string, plan: readonly PlannedRequest[]): Promise<void> {
  const waiting = [...plan];
  const work = async (): Promise<void> => {
    for (let planned = waiting.shift(); planned !== undefined; planned = waiting.shift()) {
      await sendRequest(url, planned);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/**
 * Send one request.
 *
 * @param url base URL of the API
 * @param requestId its id; default: the API makes one up
 * @throws Error on an answer of another status than planned, or none within 30 s
 */
export async function sendRequest(url: string, planned: PlannedRequest, requestId?: string): Promise<void> {
  const answer = await fetch(`${url}/predict`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-user-id": planned.user,
      ...(requestId !== undefined && { "x-request-id": requestId }),
    },
    body: planned.body,
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (answer.status !== planned.expectedStatus) {
    throw new Error(
      `POST ${url}/predict answered ${answer.status} instead of ${planned.expectedStatus}: ${text}; sent ${planned.body}`,
    );
  }
}
