// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Facts about the start of a run: its user, and its pipeline file.
public struct RunFacts: Sendable, Hashable {
    /// The user and the machine: `ops@mover-1`.
    public var who: String
    /// The SHA-256 of the pipeline file without its secrets.
    public var pipelineDigest: String
    /// The digest of the saved plan that the run carries out; nil without one.
    public var planDigest: String?
    /// The absolute path of that plan; nil if it is unknown.
    public var planFile: String?
    /// What the pipeline file took from outside: the values of its variables and the lines of its
    /// table of projects, without secrets, by the paths of their keys.
    public var outsideTexts: [String: String]

    public init(
        who: String, pipelineDigest: String, planDigest: String? = nil, planFile: String? = nil,
        outsideTexts: [String: String] = [:]
    ) {
        self.who = who
        self.pipelineDigest = pipelineDigest
        self.planDigest = planDigest
        self.planFile = planFile
        self.outsideTexts = outsideTexts
    }

    /// The argument of `--plan` in a command that runs the same plan again; nil for a run without a
    /// saved plan.
    public var planWord: String? { planFile ?? planDigest.map { _ in "PLAN" } }
}

/// The history of one transfer in one run, from the journal, for a report.
public struct TransferHistory: Sendable, Hashable {
    /// The time at which a transfer entered a state.
    public struct Step: Sendable, Hashable {
        public var state: TransferState
        /// Milliseconds since 1970.
        public var at: Int64

        public init(_ state: TransferState, at: Int64) {
            self.state = state
            self.at = at
        }
    }

    /// The time at which work on the transfer began, in milliseconds since 1970; nil if it did not.
    public var startedAt: Int64?
    /// The time of the last change, in milliseconds since 1970; in a final state, the end.
    public var updatedAt: Int64
    /// The states of the transfer, in order of time.
    public var steps: [Step] = []
    /// The ``RequestID`` of each try.
    public var requestIDs: [String] = []
    /// The number of failed tries in this run.
    public var failedTries = 0

    public init(startedAt: Int64?, updatedAt: Int64) {
        self.startedAt = startedAt
        self.updatedAt = updatedAt
    }
}
