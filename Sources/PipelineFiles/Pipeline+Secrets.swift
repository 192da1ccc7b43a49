// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension Pipeline {
    private static let mark = "<redacted>"

    /// The file's text as a journal may keep it: without the queries of
    /// addresses, which may sign them, and without the values of headers.
    ///
    /// Those that come out of the environment do not stand in the text anyway,
    /// so a file that does as it is told is kept as it is.
    public var textWithoutSecrets: String {
        var secrets: [String] = []
        for case .url(let source) in sources {
            for address in [source.url, source.checksumFile].compactMap({ $0 }) {
                let query = address.drop { $0 != "?" }.dropFirst()
                secrets += query.split { "&#".contains($0) }.map(String.init)
            }
            secrets += source.headers.map(\.value.revealed)
        }
        // The longest first: one may be the beginning of another.
        return secrets.filter { !$0.isEmpty }.sorted { $0.count > $1.count }.reduce(text) {
            $0.replacing($1, with: Self.mark)
        }
    }

    /// The pipeline of a journal's text; from its file where the text is not
    /// all of it.
    ///
    /// - Throws: as ``load(file:environment:)``; and
    ///   ``TranshipError/Code/invalidPipeline`` when that file is another by now.
    public static func recall(text: String, file: String, environment: [String: String])
        throws(TranshipError) -> Pipeline
    {
        guard text.contains(mark) else {
            return try parse(text: text, file: file, environment: environment)
        }
        let pipeline = try load(file: file, environment: environment)
        guard pipeline.textWithoutSecrets == text else {
            throw TranshipError(
                .invalidPipeline,
                "\(file) is not as it was when the run began, and the journal keeps no secrets of it",
                hint: "run the pipeline again: what was done is not done twice")
        }
        return pipeline
    }
}
