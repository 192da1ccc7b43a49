// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import PipelineFiles

/// A pipeline file that was written from the catalogue of another tool.
public struct ImportedPipeline: Sendable {
    /// The text of the file.
    public let text: String
    /// What could not be carried over: `ubuntu.yml:14: …`.
    public let remarks: [String]
    public let sourceCount: Int

    /// Converts catalogues of openstack-image-manager.
    ///
    /// - Parameters:
    ///   - files: paths of `etc/images/*.yml`.
    ///   - name: of the pipeline.
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

    /// Writes the file. Replaces none.
    public func write(to path: String) throws(TranshipError) {
        do {
            try Data(text.utf8).write(
                to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        } catch {
            guard !FileManager.default.fileExists(atPath: path) else {
                throw TranshipError(
                    .usage, "\(path) is there already", hint: "name another file, or remove it")
            }
            throw TranshipError(
                .usage, "cannot write \(path): \(error.systemWords)", hint: "check its folder")
        }
    }
}
