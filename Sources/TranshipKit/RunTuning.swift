// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTransport
internal import MigrationPipeline

/// What tests make short, so that a time-out does not take its minute. No
/// setting of the pipeline: everybody else runs with these values.
struct RunTuning: Sendable {
    /// Of every cloud and URL; what TLS needs comes from the cloud's entry.
    var transport = TransportConfiguration()
    /// The longest wait between two tries, in seconds.
    var backoffSecondsMax: Double = 60
    /// See `RetryPolicy`; nil is its default.
    var probeSeconds: Double?
    var outageSecondsMax: Double?
    /// The scheduler's, with a clock that goes on evenly whatever is done to
    /// the machine's.
    var surroundings = Surroundings.machine
}
