// SPDX-License-Identifier: Apache-2.0
// The numbers of RFC 8083, section 4.
#include "breaker.h"

#include <math.h>

#define TIMEOUT_REPORTS 5 // k
#define CONGESTION_MAX_S 15.0

static double larger(double a, double b)
{
	return a > b ? a : b;
}

unsigned breaker_media_timeout(double frame, double rtt, double interval)
{
	return (unsigned)ceil(TIMEOUT_REPORTS * larger(frame, larger(rtt, interval)) / interval);
}

unsigned breaker_cb_interval(double frame, double rtt, double interval, double td)
{
	double span = larger(10 * frame, larger(10 * rtt, 3 * interval));
	double most = larger(CONGESTION_MAX_S, 3 * td);

	return (unsigned)ceil(3 * (span < most ? span : most) / (3 * interval));
}

double breaker_tcp_rate(double packet, double rtt, double loss)
{
	return packet / (rtt * sqrt(2 * loss / 3));
}
