// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses a source that is an index of Simplestreams.
    func simplestreamsSource(_ value: FileValue) throws(TranshipError) -> SimplestreamsSource {
        let keys = try FileSection<SimplestreamsSourceKey>(value)
        let url = try httpURL(keys.required(.simplestreams))
        let series = try keys[.series].map(series)
        let index = URLSource(
            url: url, latest: nil, allowsDowngrade: try keys[.allowDowngrade]?.bool() ?? false,
            staleAfterSeconds: try keys[.staleAfter]?.spanSeconds(), checksum: nil,
            checksumFile: nil,
            signature: try signature(keys[.signedBy], keys[.signature], of: url),
            image: try template(keys[.image], fileName: FileName("")),
            decompress: try decompress(keys[.decompress]), convert: try convert(keys[.convert]),
            hasProofProperties: try keys[.proofProperties]?.bool() ?? false,
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            cacert: try keys[.cacert]?.absolutePath(),
            auth: try keys[.auth].map(authentication),
            headers: try keys[.headers].map(headers) ?? [],
            inspects: try keys[.inspect]?.bool() ?? true,
            limitsImages: try keys[.limits].flatMap(limitsImages), position: keys.position)
        return SimplestreamsSource(
            index: index, filters: try keys[.products].map(filters) ?? [:],
            item: try keys[.item]?.text() ?? "disk1.img")
    }

    private func filters(_ value: FileValue) throws(TranshipError) -> [String: [Glob]] {
        var filters: [String: [Glob]] = [:]
        for entry in try value.entries() {
            let value = FileValue(
                reader: self, node: entry.value, path: value.path + ".*",
                label: "`\(entry.key.text)`")
            filters[entry.key.text] = try value.globs()
        }
        return filters
    }
}
