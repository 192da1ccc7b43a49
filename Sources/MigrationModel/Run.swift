// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One run of a pipeline, from its start until it ends or a later run continues it.
public struct Run: Sendable, Hashable, Identifiable {
    public let id: Int64
    public let pipelineName: String
    /// The absolute path of the pipeline file, whose content at the start is ``pipelineText``. For
    /// a copy, the path of a file that does not exist: show ``pipelineWord`` instead.
    public let pipelineFile: String
    /// The text of the file as it was read, without secrets: it still has its placeholders for
    /// environment variables.
    public let pipelineText: String
    /// Milliseconds since 1970.
    public let startedAt: Int64
    /// Nil while the listings are being read.
    public let plannedAt: Int64?
    /// Nil while the run is going on, and for ever if it was killed.
    public let endedAt: Int64?
    /// The outcome; nil if ``endedAt`` is nil.
    public let outcome: Outcome?

    public enum Outcome: String, Sendable, CaseIterable {
        case done, failed, interrupted
        /// Written by `tranship adopt`; nothing is left to do.
        case adopted
    }

    public init(
        id: Int64, pipelineName: String, pipelineFile: String, pipelineText: String,
        startedAt: Int64, plannedAt: Int64?, endedAt: Int64?, outcome: Outcome?
    ) {
        self.id = id
        self.pipelineName = pipelineName
        self.pipelineFile = pipelineFile
        self.pipelineText = pipelineText
        self.startedAt = startedAt
        self.plannedAt = plannedAt
        self.endedAt = endedAt
        self.outcome = outcome
    }

    /// The last component of ``pipelineFile`` for a pipeline without a file.
    public static let copyFile = "copy"

    /// True if `tranship copy` made the pipeline: its text is only in the journal, not in a file.
    public var isCopy: Bool { Self.isCopy(file: pipelineFile, name: pipelineName) }

    public static func isCopy(file: String, name: String) -> Bool {
        PathText.lastComponent(file) == copyFile && name.hasPrefix(copyNameBeginning)
    }

    /// The beginning of a copy's text. The command follows, up to the end of the line.
    package static let copyTextBeginning = "# Written by: "

    /// The command of a copy, in the form that a shell takes; nil for other pipelines.
    public var copyCommand: String? {
        guard isCopy, pipelineText.hasPrefix(Self.copyTextBeginning) else { return nil }
        let command = pipelineText.prefix { !$0.isNewline }.dropFirst(Self.copyTextBeginning.count)
        return command.isEmpty ? nil : String(command)
    }

    /// Returns the name of the pipeline of a copy.
    public static func copyName(_ words: String) -> String { copyNameBeginning + words }

    private static let copyNameBeginning = "copy-"

    /// The argument by which commands name this pipeline: the path of its file; for a copy, its
    /// name.
    public var pipelineWord: String { isCopy ? pipelineName : pipelineFile }

    /// Returns the command that runs the pipeline file again. It names the saved plan if the run
    /// carries one out: without that plan, the command would do work that its operator has not
    /// reviewed.
    public func command(_ facts: RunFacts?) -> String {
        let plan = facts?.planWord.map { " --plan \($0.shellQuoted)" } ?? ""
        return "tranship run \(pipelineFile.shellQuoted)\(plan)"
    }

    /// True if `resume` may have something left to do.
    public var isInterrupted: Bool { outcome == nil || outcome == .interrupted }

    /// True if the run failed before it had a plan. It changed nothing, so an earlier run can still
    /// be resumed.
    public var isFailedBeforeItsPlan: Bool { outcome == .failed && plannedAt == nil }
}

/// A try that failed.
public struct Attempt: Sendable, Hashable {
    /// Milliseconds since 1970.
    public let at: Int64
    /// The state of the transfer at that time.
    public let state: TransferState
    public let code: TranshipError.Code
    public let message: String

    public init(at: Int64, state: TransferState, code: TranshipError.Code, message: String) {
        self.at = at
        self.state = state
        self.code = code
        self.message = message
    }
}

/// A time in which an endpoint did not answer.
public struct OutageRecord: Sendable, Hashable {
    /// An Image service or a host.
    public let endpoint: String
    /// Milliseconds since 1970.
    public let beganAt: Int64
    /// Nil while the outage lasts, and if the run ended before the outage did.
    public let endedAt: Int64?
    public let code: TranshipError.Code
    public let message: String

    public init(
        endpoint: String, beganAt: Int64, endedAt: Int64?, code: TranshipError.Code,
        message: String
    ) {
        self.endpoint = endpoint
        self.beganAt = beganAt
        self.endedAt = endedAt
        self.code = code
        self.message = message
    }
}

/// The number of images of one kind, such as a ``TransferState`` or a ``PlanAction``, and their
/// size.
public struct Tally<Kind: Hashable & Sendable>: Sendable, Hashable {
    public let kind: Kind
    public let images: Int
    /// The sum of the sizes in bytes, at most 2^63 - 1024: a larger sum is cut to that number.
    public let sizeBytes: Int64

    public init(_ kind: Kind, images: Int, sizeBytes: Int64) {
        self.kind = kind
        self.images = images
        self.sizeBytes = sizeBytes
    }
}
