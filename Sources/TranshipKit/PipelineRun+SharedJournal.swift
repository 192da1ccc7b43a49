// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

extension PipelineRun {
    /// Returns a warning if another pipeline file with the same name puts its runs into the same
    /// journal; nil if there is none. A file that was moved or renamed does not count.
    func sharedJournalWarning() async throws(TranshipError) -> Warning? {
        let own = pipeline.absoluteFile
        guard !Run.isCopy(file: own, name: pipeline.name) else { return nil }
        let other = try await journal.pipelineFiles().first { file in
            !Self.isSameFile(file, own) && Self.name(in: file) == pipeline.name
        }
        return other.map {
            .journalShared(
                file: own, other: $0, name: pipeline.name, journalPath: journal.path)
        }
    }

    /// Returns the name of the pipeline in a file; nil if the file cannot be read.
    private static func name(in file: String) -> String? {
        guard let bytes = try? WholeFile.read(file, bytesMax: Pipeline.fileBytesMax) else {
            return nil
        }
        return Pipeline.keyTexts(of: String(decoding: bytes, as: UTF8.self))["name"]
    }

    /// True if both paths lead to the same file, or are equal.
    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        func real(_ path: String) -> String {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        }
        return one == other || real(one) == real(other)
    }
}
