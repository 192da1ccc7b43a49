// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import PipelineFiles

/// A pipeline file that was written from the catalogue of another tool.
public struct ImportedPipeline: Sendable {
    /// The text of the file.
    public let text: String
    /// The parts that could not be converted: `ubuntu.yml:14: …`.
    public let remarks: [String]
    public let sourceCount: Int

    /// Converts catalogues of openstack-image-manager.
    ///
    /// - Parameters:
    ///   - files: paths of `etc/images/*.yml`.
    ///   - name: the name of the pipeline.
    ///   - cloud: the entry of `clouds.yaml` that gets the images.
    ///   - isPinned: true to take the versions that the catalogue lists instead of the latest.
    /// - Throws: ``TranshipError/Code/invalidPipeline``.
    public static func fromOIM(
        files: [String], name: String, cloud: String, isPinned: Bool
    ) throws(TranshipError) -> ImportedPipeline {
        let catalogue = try OIMCatalogue(
            files: files, settings: .init(name: name, cloud: cloud, isPinned: isPinned))
        return ImportedPipeline(
            text: catalogue.pipeline, remarks: catalogue.remarks,
            sourceCount: catalogue.sourceCount)
    }

    /// Writes the file. Does not replace an existing one. If an address has a query, only the
    /// file's owner may read it.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if the file cannot be written.
    public func write(to path: String) throws(TranshipError) {
        try SavedPipeline(text: text, path: path, mayBeThere: false).write()
    }
}
