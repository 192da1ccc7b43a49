// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import PipelineFiles

extension PipelineRun {
    /// The line of the pipeline file that names an image, such as `night.yaml:9`; nil if no line names
    /// it and no other, and for a copy, which has no file.
    ///
    /// - Parameter key: ``SourceImage/key``.
    public func place(ofSource key: String) -> String? {
        guard !Run.isCopy(file: pipeline.absoluteFile, name: pipeline.name) else { return nil }
        let positions = pipeline.sources.filter { $0.names(key, in: pipeline.baseDirectory) }
            .map(\.position)
        guard positions.count == 1, let position = positions.first else { return nil }
        return "\(PathText.lastComponent(position.file)):\(position.line)"
    }
}

extension Source {
    /// True if the entry is about the URL or the file of this key.
    fileprivate func names(_ key: String, in folder: String) -> Bool {
        switch self {
        case .url(let source):
            let own = "url:\(source.url)"
            return source.latest == nil ? key == own : key.hasPrefix(own)
        case .file(let source):
            let own = FilePath.absolute(source.pattern, in: folder)
            if source.latest != nil { return key.hasPrefix("file:\(own)") }
            return Glob(own).literal.map { key == "file:\($0)" } ?? false
        case .cloud, .simplestreams, .archive: return false
        }
    }
}
