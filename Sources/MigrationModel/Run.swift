// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One start of a pipeline, until it ended or was continued.
public struct Run: Sendable, Hashable, Identifiable {
    public let id: Int64
    public let pipelineName: String
    /// The absolute path of the file it was read from; the text is what counts. Of a copy, the path
    /// of a file that does not exist: show ``pipelineWord``.
    public let pipelineFile: String
    /// The file as it was read, without secrets: placeholders for the
    /// environment are unfilled.
    public let pipelineText: String
    /// Milliseconds since 1970.
    public let startedAt: Int64
    /// Nil while the listings are being read.
    public let plannedAt: Int64?
    /// Nil while it runs, and for ever when it was killed.
    public let endedAt: Int64?
    /// How it ended; nil as ``endedAt``.
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

    /// Stands for the file of a pipeline that has none.
    public static let copyFile = "copy"

    /// True if `tranship copy` made the pipeline: the journal has its text, and no file has.
    public var isCopy: Bool { Self.isCopy(file: pipelineFile, name: pipelineName) }

    public static func isCopy(file: String, name: String) -> Bool {
        PathText.lastComponent(file) == copyFile && name.hasPrefix(copyNameBeginning)
    }

    /// How the text of a copy begins; its command follows, to the end of the line.
    package static let copyTextBeginning = "# Written by: "

    /// The command of a copy, as a shell takes it again; nil for other pipelines.
    public var copyCommand: String? {
        guard isCopy, pipelineText.hasPrefix(Self.copyTextBeginning) else { return nil }
        let command = pipelineText.prefix { !$0.isNewline }.dropFirst(Self.copyTextBeginning.count)
        return command.isEmpty ? nil : String(command)
    }

    /// The name of the pipeline of a copy.
    public static func copyName(_ words: String) -> String { copyNameBeginning + words }

    private static let copyNameBeginning = "copy-"

    /// What commands take for this pipeline: the path of its file; for a copy its name.
    public var pipelineWord: String { isCopy ? pipelineName : pipelineFile }

    /// The command that runs the pipeline file again. With the saved plan if the run carries one
    /// out: without it, the command would do what its operator has not reviewed.
    public func command(_ facts: RunFacts?) -> String {
        let plan = facts?.planWord.map { " --plan \($0.shellQuoted)" } ?? ""
        return "tranship run \(pipelineFile.shellQuoted)\(plan)"
    }

    /// True when there may be something left for `resume`.
    public var isInterrupted: Bool { outcome == nil || outcome == .interrupted }

    /// True if it changed nothing that a run before it left: that one can still go on.
    public var isFailedBeforeItsPlan: Bool { outcome == .failed && plannedAt == nil }
}

/// A try that failed.
public struct Attempt: Sendable, Hashable {
    /// Milliseconds since 1970.
    public let at: Int64
    /// Where the transfer stood.
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
    /// Nil while it lasts, and if the run ended before it did.
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

/// How many images are of one kind, and their bytes: of a ``TransferState`` or a ``PlanAction``.
public struct Tally<Kind: Hashable & Sendable>: Sendable, Hashable {
    public let kind: Kind
    public let images: Int
    /// At most 2^63 - 1024: a larger sum says that.
    public let sizeBytes: Int64

    public init(_ kind: Kind, images: Int, sizeBytes: Int64) {
        self.kind = kind
        self.images = images
        self.sizeBytes = sizeBytes
    }
}
