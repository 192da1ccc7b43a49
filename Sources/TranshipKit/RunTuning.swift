// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTransport
package import MigrationPipeline

/// What tests make short or replace, so that a time-out does not take its minute
/// and a simulation needs no network. No setting of the pipeline: every other run
/// has these values.
package struct RunTuning: Sendable {
    /// Of every cloud and URL; what TLS needs comes from the cloud's entry.
    package var transport = TransportConfiguration()
    /// The longest wait between two tries, in seconds.
    package var backoffSecondsMax: Double = 60
    /// See `RetryPolicy`; nil is its default.
    package var probeSeconds: Double?
    package var outageSecondsMax: Double?
    /// The scheduler's, with a clock that goes on evenly when someone sets the
    /// machine's.
    package var surroundings = Surroundings.machine
    /// Nil: over the network.
    package var connections: (any Connections)?

    package init() {}
}
