// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import PipelineFiles

/// Detects the words of a copy in the order of another tool, and suggests the whole command.
extension KnownClouds {
    /// - Throws: ``TranshipError/Code/usage`` for clouds with a colon, as rclone and scp write
    ///   them, and for names of images before the second cloud.
    func refuseOtherOrder(
        source: String, target: String, names: [String], folder: String
    ) throws(TranshipError) {
        try refuseColons(source: source, target: target, names: names)
        func isPath(_ word: String) -> Bool {
            if word.contains(where: { "/*?".contains($0) }) { return true }
            if case .missing = FilePath.kind(FilePath.absolute(word, in: folder)) { return false }
            return true
        }
        guard let index = names.firstIndex(where: { place($0) != nil }) else { return }
        var images = names
        let cloud = images.remove(at: index)
        if place(source) == nil, !isPath(source), place(target) != nil {
            throw TranshipError(
                .usage, "\"\(source)\" is neither a cloud of clouds.yaml nor a file",
                hint: Self.order(target, cloud, [source] + images))
        }
        if place(source) != nil, place(target) == nil, !isPath(target) {
            throw TranshipError(
                .usage, "there is no cloud \"\(target)\"\(read)",
                hint: Self.order(source, cloud, [target] + images))
        }
    }

    private static func order(_ source: String, _ target: String, _ images: [String]) -> String {
        "the clouds come first, then the images: " + command([source, target] + images)
    }

    static func command(_ words: [String]) -> String {
        "tranship copy " + words.map(\.shellQuoted).joined(separator: " ")
    }

    private func refuseColons(
        source: String, target: String, names: [String]
    ) throws(TranshipError) {
        let parts = [source, target].map(withoutColon)
        guard let wrong = parts.firstIndex(where: { $0 != nil }) else { return }
        let clouds = zip(parts, [source, target]).map { $0?.cloud ?? $1 }
        let paths = parts.map { $0?.path ?? "" }
        let image = paths.first { !$0.isEmpty }
        let isRenamed = !paths[0].isEmpty && !paths[1].isEmpty && paths[0] != paths[1]
        throw TranshipError(
            .usage, "there is no cloud \"\([source, target][wrong])\"",
            hint: "write a cloud without a colon, and images behind the target: "
                + Self.command(clouds + [image].compactMap(\.self) + names)
                + (isRenamed ? " --name \(paths[1].shellQuoted)" : ""))
    }

    /// Splits a word such as `alpha:noble` into the cloud and the text after the colon.
    private func withoutColon(_ word: String) -> (cloud: String, path: String)? {
        guard place(word) == nil, let colon = word.firstIndex(of: ":") else { return nil }
        let cloud = String(word[..<colon])
        return names.contains(cloud) ? (cloud, String(word[word.index(after: colon)...])) : nil
    }

    /// Returns the hint for a target that is a file.
    func hint(forFile target: String, from source: String) -> String {
        if place(source) != nil {
            return
                "to copy the file: \(Self.command([target, source])); to save the data of an image "
                + "in a file: tranship image save IMAGE --cloud \(source.prefix { $0 != "/" }) --file FILE"
        }
        return
            "name a cloud behind the file: \(Self.command([source])) CLOUD; for several files, quote "
            + "a glob, so that the shell leaves it to tranship: tranship copy 'images/*.qcow2' CLOUD"
    }
}
