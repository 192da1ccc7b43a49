// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTransport
package import MigrationModel
package import MigrationPipeline
package import SourceReaders

/// The values that tests shorten or replace, so that a test of a time-out does not take its minute
/// and a simulation needs no network. They are not settings of the pipeline: every other run has
/// these values.
package struct RunTuning: Sendable {
    /// The number of files that the process may open; nil asks the system.
    package var openFiles: Int?
    /// The transport settings for every cloud and URL; the TLS settings come from the cloud's
    /// entry.
    package var transport = TransportConfiguration()
    /// A function that changes the retry policy.
    package var retries: @Sendable (inout RetryPolicy) -> Void = { _ in }
    /// The time, threads and disk. The clock goes on evenly when someone sets the machine's clock.
    package var surroundings = Surroundings.machine
    /// The connections; nil uses the network.
    package var connections: (any Connections)?
    /// Further kinds of source that the pipeline format does not have, by their keys.
    package var kinds: [String: SourceFactory.Opening] = [:]
    /// A function that replaces stages before they work.
    package var stages: @Sendable (Stages) -> Stages = { $0 }
    /// The place of the spool; nil is the pipeline's.
    package var spool: Spool.Place?

    /// The assumptions of a plan about methods that no run has measured.
    package var methodAssumptions = MethodAssumptions()

    /// The time limit of a hook; nil is a minute.
    package var hookSeconds: Double?

    package init() {}
}
