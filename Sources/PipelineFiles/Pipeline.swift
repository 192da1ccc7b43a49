// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// A parsed and checked pipeline file.
///
/// It says which images go where, and by which rules. Parsing does not contact clouds or servers
/// and does not look into directories: planning does. `docs/pipeline-format.md` is the reference of
/// the format.
public struct Pipeline: Sendable, Equatable {
    /// The version of the format. Always 1 today.
    public let version: Int
    /// The name: letters, digits, `.`, `_` and `-`. The default journal has the same name.
    public let name: String
    /// The sources, at least one, in the order of the file.
    public let sources: [Source]
    /// The targets, at least one, in the order of the file.
    public let targets: [Target]
    /// The table of projects, from those of the sources to those of the targets. nil: each image
    /// goes to each target.
    public let projects: ProjectTable?
    public let transfer: TransferMode
    public let spool: SpoolSetting?
    public let verify: VerificationMode
    public let order: TransferOrder
    public let limits: PipelineLimits
    public let hooks: PipelineHooks
    /// The time that the journal keeps the records of runs, in seconds. nil: forever.
    public let journalKeepSeconds: Int64?
    /// True if a cloud source may select no image, one of its names may match none, and a glob may
    /// match no file. Otherwise a run warns about these.
    public let allowsEmpty: Bool

    /// The absolute path of the file's folder. Relative paths in the file start here.
    public let baseDirectory: String
    /// The text of the file, before environment variables are expanded.
    public let text: String
    /// ``text`` for the journal: without the queries of URLs, which may be signatures, and without
    /// the values of headers.
    ///
    /// Values from the environment are not in the text in the first place. If all secrets come from
    /// there, as the documentation recommends, this is the unchanged text. Comments stay.
    public let textWithoutSecrets: String
    /// What the file takes from outside, without secrets, by the path of the key: the values that
    /// contain variables, as expanded, under `targets[0].cloud (expanded)`, and the lines of a table
    /// of projects in another file, under `projects.team-a`. A change is an edit of the pipeline.
    ///
    /// Of addresses, leaves out queries. Leaves out `headers`, `auth` and `hooks`: a token may be
    /// another one in each run.
    public let outsideTexts: [String: String]
    /// The path of the file as the operator gave it.
    public let file: String
}

extension Pipeline {
    /// The absolute path of the file. The journal keeps it, so that a later run finds relative
    /// paths from any working directory.
    public var absoluteFile: String { FilePath.absolute(FileName(file).text, in: baseDirectory) }

    /// The maximum size of a file, 1 MiB. A larger file is probably not a pipeline file.
    public static let fileBytesMax = 1 << 20

    /// Reads and checks a pipeline file.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline`` with `file:line:column` for each mistake,
    ///   in the order of the file. Mistakes that do not fit into the message are counted.
    public static func load(file: String, environment: [String: String]) throws(TranshipError)
        -> Pipeline
    {
        try parse(text: PipelineFile.read(file), file: file, environment: environment)
    }

    /// Works as ``load(file:environment:)``, but the error for a file with mistakes also has those
    /// that only this machine shows.
    ///
    /// - Parameter otherMistakes: finds these mistakes. Gets the clouds that the file names,
    ///   including those in entries with mistakes, and the pipeline as far as it could be read.
    package static func load(
        file: String, environment: [String: String],
        otherMistakes: ([CloudName], Pipeline?) -> [(FilePosition, TranshipError)]
    ) throws(TranshipError) -> Pipeline {
        try parse(
            text: PipelineFile.read(file), file: file, environment: environment, kinds: [],
            otherMistakes: otherMistakes)
    }

    /// Checks a pipeline file that was read before, such as a journal's copy.
    ///
    /// - Throws: as ``load(file:environment:)``.
    public static func parse(text: String, file: String, environment: [String: String])
        throws(TranshipError) -> Pipeline
    {
        try parse(text: text, file: file, environment: environment, kinds: [])
    }

    /// - Parameter kinds: the keys of kinds of source that are not in the format, and that only
    ///   tests add. An entry of such a kind is an ``OtherSource``.
    /// - Throws: as ``load(file:environment:)``.
    package static func parse(
        text: String, file: String, environment: [String: String], kinds: [String],
        otherMistakes: ([CloudName], Pipeline?) -> [(FilePosition, TranshipError)] = { _, _ in [] }
    ) throws(TranshipError) -> Pipeline {
        let reader = PipelineReader(
            text: text, file: file, environment: environment, kinds: kinds)
        let pipeline = reader.attempt { try reader.pipeline() }
        guard let pipeline, reader.mistakes.isEmpty else {
            for (position, mistake) in otherMistakes(reader.clouds, pipeline) {
                reader.refuse(mistake, at: position)
            }
            throw reader.refusedFile() ?? TranshipError(.invalidPipeline, "\(file): not read")
        }
        return pipeline
    }
}

/// A place in a pipeline file, in the form that compilers and editors use.
public struct FilePosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The path as the operator gave it.
    public let file: String
    /// Starts at 1.
    public let line: Int
    /// Starts at 1 and counts Unicode scalars.
    public let column: Int
    /// The argument of `tranship copy` that the line came from, such as `<target>` or `--name`; nil
    /// in a file.
    public let argument: String?

    public init(file: String, line: Int, column: Int, argument: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.argument = argument
    }

    public static func < (one: FilePosition, other: FilePosition) -> Bool {
        (one.line, one.column) < (other.line, other.column)
    }

    /// `file:line:column`, or the argument.
    public var description: String { argument ?? "\(file):\(line):\(column)" }
}
