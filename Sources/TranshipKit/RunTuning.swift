// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTransport
package import MigrationModel
package import MigrationPipeline
package import SourceReaders

/// What tests make short or replace, so that a time-out does not take its minute
/// and a simulation needs no network. No setting of the pipeline: every other run
/// has these values.
package struct RunTuning: Sendable {
    /// How many files the process may open; nil asks the system.
    package var openFiles: Int?
    /// Of every cloud and URL; what TLS needs comes from the cloud's entry.
    package var transport = TransportConfiguration()
    /// Changes what follows a failed try.
    package var retries: @Sendable (inout RetryPolicy) -> Void = { _ in }
    /// Time, threads and disk, with a clock that goes on evenly when someone sets
    /// the machine's.
    package var surroundings = Surroundings.machine
    /// Nil: over the network.
    package var connections: (any Connections)?
    /// Kinds of source that the format does not have, by their keys.
    package var kinds: [String: SourceFactory.Opening] = [:]
    /// Replaces stages that are about to work.
    package var stages: @Sendable (Stages) -> Stages = { $0 }
    /// Nil: as the pipeline says.
    package var spool: Spool.Place?

    /// What a plan takes for granted of methods that no run has measured.
    package var methodAssumptions = MethodAssumptions()

    /// How long a hook may take; nil is a minute.
    package var hookSeconds: Double?

    package init() {}
}
