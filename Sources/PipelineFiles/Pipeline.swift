// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A pipeline file, read, typed and checked.
///
/// It says which images go where and by which rules. Nothing in it was
/// compared with a cloud, a server or a directory yet: that is planning.
/// `docs/pipeline-format.md` is the reference of the format.
public struct Pipeline: Sendable, Equatable {
    /// The version of the format: always 1 today.
    public let version: Int
    /// Letters, digits, `.`, `_` and `-`; also names the default journal.
    public let name: String
    /// One or more, in the order of the file.
    public let sources: [Source]
    /// One or more, in the order of the file.
    public let targets: [Target]
    public let transfer: TransferMode
    public let spool: SpoolSetting?
    public let verify: VerifyMode
    public let order: TransferOrder
    public let limits: PipelineLimits

    /// The absolute folder of the file: relative paths in it start here.
    public let baseDirectory: String
    /// The file as it was read, before the environment was put in, so that it
    /// may be kept in a journal.
    public let text: String
    /// The path as the operator gave it.
    public let file: String
}

extension Pipeline {
    /// The path of the file wherever it is asked for: what a journal keeps, so
    /// that a later run finds relative paths again.
    public var absoluteFile: String { FilePath.absolute(FileName(file).text, in: baseDirectory) }

    /// No pipeline file is larger; more is a mistake of the path.
    public static let fileBytesMax = 1 << 20

    /// Reads and checks a pipeline file.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline`` with
    ///   `file:line:column` for the first thing that is wrong, and
    ///   ``TranshipError/Code/notBuiltYet`` when nothing is wrong but a key
    ///   asks for what this version cannot do.
    public static func load(file: String, environment: [String: String]) throws(TranshipError)
        -> Pipeline
    {
        try parse(text: PipelineFile.read(file), file: file, environment: environment)
    }

    /// The same for a text that was read before, such as a journal's copy.
    ///
    /// - Throws: as ``load(file:environment:)``.
    public static func parse(text: String, file: String, environment: [String: String])
        throws(TranshipError) -> Pipeline
    {
        let reader = PipelineReader(text: text, file: file, environment: environment)
        let pipeline = try reader.pipeline()
        if let refusal = reader.unbuiltRefusal() { throw refusal }
        return pipeline
    }
}
