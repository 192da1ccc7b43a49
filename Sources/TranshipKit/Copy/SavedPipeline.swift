// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import PipelineFiles

/// A pipeline file that a command writes. It never replaces another file.
public struct SavedPipeline: Sendable {
    private let text: String
    private let path: String

    /// Checks, before the work begins, that the file may be written.
    ///
    /// - Parameter mayBeThere: true if the same pipeline may already be in the file, because the
    ///   same command may run again.
    /// - Throws: ``TranshipError/Code/usage`` if the path is taken by another file, or its folder
    ///   cannot be written to.
    public init(text: String, path: String, mayBeThere: Bool = true) throws(TranshipError) {
        self.text = text
        self.path = path
        guard !mayBeThere || !isWritten else { return }
        var isFolder: ObjCBool = false
        guard !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let what =
                isFolder.boolValue ? ", a folder" : mayBeThere ? ", with other text" : ""
            throw TranshipError(
                .usage,
                "\(path) is there already\(what)",
                hint: mayBeThere && !isFolder.boolValue
                    ? "if you edited it, run it: tranship run \(path.shellQuoted); otherwise name "
                        + "another file, or remove it"
                    : "name another file, or remove it")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(folder, W_OK) == 0 else {
            throw cannotWrite(String(cString: strerror(errno)))
        }
    }

    /// True if the file has this pipeline already. Comments may differ: they say which command
    /// wrote the file.
    private var isWritten: Bool {
        guard let data = try? WholeFile.read(path, bytesMax: Pipeline.fileBytesMax) else {
            return false
        }
        return Self.withoutComments(String(decoding: data, as: UTF8.self))
            == Self.withoutComments(text)
    }

    private static func withoutComments(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }
    }

    /// True if the pipeline has a value that the journal would not keep, or an address with a
    /// query, which may be a key to it.
    private var hasSecret: Bool {
        if text.contains(/:\/\/[^\s?]*\?/) { return true }
        guard let pipeline = try? Pipeline.parse(text: text, file: path, environment: [:]) else {
            return text.contains("?")
        }
        return Pipeline.lacksSecrets(pipeline.textWithoutSecrets)
    }

    /// - Throws: ``TranshipError/Code/usage`` if the file cannot be written.
    public func write() throws(TranshipError) {
        guard !isWritten else { return }
        let mode: mode_t = hasSecret ? 0o600 : 0o666
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw cannotWrite(String(cString: strerror(errno))) }
        do {
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try file.write(contentsOf: Data(text.utf8))
        } catch {
            let words = error.systemWords
            // A partial file would keep the next command from writing it.
            unlink(path)
            throw cannotWrite(words)
        }
    }

    private func cannotWrite(_ words: String? = nil) -> TranshipError {
        TranshipError(
            .usage, "cannot write \(path)" + (words.map { ": \($0)" } ?? ""),
            hint: "check that its folder is there and that you may write to it")
    }
}
