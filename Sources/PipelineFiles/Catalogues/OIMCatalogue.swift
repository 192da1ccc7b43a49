// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import MigrationModel
import Yams

/// A catalogue of openstack-image-manager, as a pipeline file.
///
/// The format is that of <https://github.com/osism/openstack-image-manager>, `etc/schema.yaml`. A
/// key without a counterpart becomes a remark with its line, and is never lost silently.
public struct OIMCatalogue: Sendable, Equatable {
    /// The parts of the pipeline file that do not come from the catalogue.
    public struct Settings: Sendable {
        /// The name of the pipeline.
        public var name: String
        /// The entry of `clouds.yaml` that gets the images.
        public var cloud: String
        /// True to copy the versions that the catalogue lists, with their checksums; false to
        /// follow the addresses of the latest versions, as a mirror does.
        public var isPinned: Bool

        public init(name: String, cloud: String, isPinned: Bool = false) {
            self.name = name
            self.cloud = cloud
            self.isPinned = isPinned
        }
    }

    /// The text of the pipeline file.
    public let pipeline: String
    /// Remarks such as `ubuntu.yml:14: …` about parts of the catalogue that are not carried over,
    /// in the order of the files.
    public let remarks: [String]
    public let sourceCount: Int

    /// The maximum number of images in all files together.
    private static let imagesMax = 1000
    private static let filesMax = 200

    /// Reads catalogues and converts them.
    ///
    /// - Parameter files: the paths of the catalogues.
    /// - Throws: ``TranshipError/Code/invalidPipeline`` if a file cannot be read, is not YAML or
    ///   not a catalogue, or if no image is left.
    public init(files: [String], settings: Settings) throws(TranshipError) {
        guard files.count <= Self.filesMax else {
            throw TranshipError(
                .invalidPipeline,
                "\(files.count) catalogues given, at most \(Self.filesMax) allowed",
                hint: "name fewer files")
        }
        var texts: [(file: String, text: String)] = []
        for file in files {
            texts.append(
                (file, try PipelineFile.read(file, kind: "catalogue", example: "images.yml")))
        }
        try self.init(texts: texts, settings: settings)
    }

    init(
        texts: [(file: String, text: String)], settings: Settings
    ) throws(TranshipError) {
        var conversion = OIMConversion(settings: settings)
        var imageCount = 0
        for (file, text) in texts {
            let reader = PipelineReader(
                text: text, file: file, environment: [:], document: .catalogue)
            let images = try Self.images(reader)
            imageCount += images.count
            guard imageCount <= Self.imagesMax else {
                throw TranshipError(
                    .invalidPipeline, "the catalogues have more than \(Self.imagesMax) images",
                    hint: "convert them one by one")
            }
            for image in images { conversion.add(CatalogueValue(image, reader)) }
            conversion.endFile()
        }
        conversion.endCatalogue()
        guard !conversion.sources.isEmpty else {
            throw TranshipError(
                .invalidPipeline, "the catalogue has no image that can be carried over",
                hint: conversion.remarks.first)
        }
        let names = texts.map { FileName($0.file).text }
        pipeline = conversion.text(from: names)
        remarks = conversion.remarks
        sourceCount = conversion.sources.count
        _ = try Pipeline.parse(text: pipeline, file: "\(settings.name).yaml", environment: [:])
    }

    private static func images(_ reader: PipelineReader) throws(TranshipError) -> [Node] {
        let root = try reader.root()
        guard let images = root.mapping?["images"] else {
            throw reader.refusal(
                reader.position(of: root), "this is not a catalogue: it has no `images`",
                hint: PipelineReader.Document.catalogue.beginningHint)
        }
        guard let list = images.sequence else {
            throw reader.refusal(reader.position(of: images), "`images` is not a list")
        }
        return Array(list)
    }
}

/// A mapping or a scalar of a catalogue.
struct CatalogueValue {
    private let node: Node
    private let reader: PipelineReader

    init(_ node: Node, _ reader: PipelineReader) {
        self.node = node
        self.reader = reader
    }

    /// The file's name and the line, for remarks.
    var place: String { "\(FileName(reader.file).text):\(line)" }

    var line: Int { reader.position(of: node).line }

    /// The text of a scalar; nil for a mapping, a list or null.
    var text: String? {
        guard case .scalar(let scalar) = node, !reader.isNull(node) else { return nil }
        return scalar.string
    }

    /// True if the text is a word that YAML 1.1 reads as true.
    var isTrue: Bool { ["true", "yes", "on", "y"].contains(text?.lowercased()) }

    /// The value of a key; nil if the key is missing or null.
    subscript(key: String) -> CatalogueValue? {
        guard let value = node.mapping?[key], !reader.isNull(value) else { return nil }
        return CatalogueValue(value, reader)
    }

    /// All keys that are text, in their order.
    var members: [(key: String, value: CatalogueValue)] {
        (node.mapping ?? [:]).compactMap { key, value in
            key.scalar.map { ($0.string, CatalogueValue(value, reader)) }
        }
    }

    var list: [CatalogueValue] { node.sequence?.map { CatalogueValue($0, reader) } ?? [] }
}
