// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TranshipKit

/// The run that `status` and `report` show.
struct RunArgument: ParsableArguments {
    @Argument(
        help: "The pipeline's name or file, or the number of a run. Default: what ran last.",
        completion: .pipeline)
    var pipeline: String?

    @Argument(help: .value("run", "The number of the run. Default: the last one."))
    var run: Int64?

    /// The number of the run; nil for the last run of the journal.
    var number: Int64? { run ?? onlyNumber }

    /// The number of a run that is given without a pipeline.
    private var onlyNumber: Int64? { run == nil ? pipeline.flatMap { Int64($0) } : nil }

    /// - Throws: as ``JournalPlace/find(_:environment:)``.
    func journalPath(_ options: RowOptions) async throws -> String {
        if let journal = options.journal { return journal }
        return try await JournalPlace.find(
            onlyNumber == nil ? pipeline : nil, environment: options.environment)
    }
}
