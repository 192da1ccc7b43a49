// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel
internal import PipelineFiles

/// The files that a file source's pattern matches.
struct FileListing {
    let source: FileSource
    let index: Int
    let baseDirectory: String
    let date: String

    /// Sorted by path. A glob that matches nothing gives nothing; a single path
    /// where nothing stands becomes a refusal, so that the other sources go on.
    func images() -> [ListedImage] {
        do throws(TranshipError) {
            return try source.paths(baseDirectory: baseDirectory).map(image)
        } catch {
            var missing = listed(source.pattern, facts: nil, checksum: nil)
            missing.refusal = error
            return [missing]
        }
    }

    private func image(_ path: String) -> ListedImage {
        do throws(TranshipError) {
            let facts = try status(path)
            guard access(path, R_OK) == 0 else {
                throw TranshipError(
                    .sourceUnavailable, "cannot open \(path): \(String(cString: strerror(errno)))",
                    hint: "check the file's rights")
            }
            var checksum = source.checksum
            if checksum == nil, let file = source.checksumFile {
                checksum = try published(in: file, for: (path as NSString).lastPathComponent)
            }
            return listed(path, facts: facts, checksum: checksum)
        } catch {
            var refused = listed(path, facts: nil, checksum: nil)
            refused.refusal = error
            return refused
        }
    }

    private func listed(
        _ path: String, facts: (sizeBytes: Int64, changedAt: String)?, checksum: Checksum?
    ) -> ListedImage {
        let described = source.image.described(
            key: "file:\(path)", sourceIndex: index, location: .file(path),
            fingerprint: checksum?.description
                ?? facts.map { "\($0.sizeBytes) \($0.changedAt)" } ?? "",
            sizeBytes: facts?.sizeBytes, checksum: checksum,
            fileName: (path as NSString).lastPathComponent, series: source.series, date: date)
        var image = described.image
        image.updatedAt = facts?.changedAt
        return ListedImage(image: image, stem: described.stem)
    }

    private func status(
        _ path: String
    ) throws(TranshipError) -> (sizeBytes: Int64, changedAt: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw TranshipError(
                .sourceUnavailable, "cannot read \(path): \(String(cString: strerror(errno)))",
                hint: "check that the file is there and readable")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TranshipError(
                .sourceUnavailable, "\(path) is no plain file",
                hint: "name a file, or a pattern that matches files only")
        }
        return (
            Int64(status.st_size), "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        )
    }

    private func published(
        in file: String, for name: String
    ) throws(TranshipError) -> Checksum {
        let path = file.hasPrefix("/") ? file : "\(baseDirectory)/\(file)"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw TranshipError(
                .sourceUnavailable, "cannot read the checksum file \(path)",
                hint: "check that checksum_file is there, relative to the pipeline file")
        }
        guard let checksum = ChecksumFile.checksum(for: name, in: text) else {
            throw TranshipError(
                .sourceUnavailable, "\(path) has no checksum for \(name)",
                hint: "check that checksum_file belongs to these files")
        }
        return checksum
    }
}

extension ImageTemplate {
    /// The image that a URL or file becomes, and its file name's stem.
    func described(
        key: String, sourceIndex: Int, location: SourceImage.Location, fingerprint: String,
        sizeBytes: Int64?, checksum: Checksum?, fileName: String, series: NameTemplate?,
        date: String
    ) -> (image: SourceImage, stem: String) {
        let stem = (fileName as NSString).deletingPathExtension
        let rendered = try? name.render(
            PlaceholderValues(
                name: stem, stem: stem, date: date, version: properties["os_version"],
                checksum: checksum?.value))
        // The lineage must not change with the day or the version.
        let constant = PlaceholderValues(
            name: stem, stem: stem, date: "{date}", version: "{version}", checksum: "{checksum}")
        let lineage = (try? (series ?? name).render(constant)) ?? stem
        return (
            SourceImage(
                key: key, sourceIndex: sourceIndex, location: location,
                lineage: "series:\(lineage)", fingerprint: fingerprint, name: rendered ?? stem,
                sizeBytes: sizeBytes, checksums: [checksum].compactMap { $0 },
                visibility: visibility.map { ImageVisibility(rawValue: $0.rawValue) } ?? .private,
                isProtected: isProtected ?? false,
                isHidden: isHidden ?? false, diskFormat: diskFormat,
                containerFormat: containerFormat, minDiskGiB: minDiskGiB, minRAMMiB: minRAMMiB,
                tags: tags, properties: properties),
            stem
        )
    }
}
