// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses a source that is an index of Simplestreams.
    func simplestreamsSource(_ value: FileValue) throws(TranshipError) -> SimplestreamsSource {
        _ = takeVariables()
        let keys = try FileSection<SimplestreamsSourceKey>(value)
        let url = keys.require(.simplestreams, standIn: "", httpURL)
        let series = keys.read(.series) { try self.series($0, .product) }
        let index = URLSource(
            url: url, latest: nil,
            allowsDowngrade: keys.read(.allowDowngrade) { try $0.bool() } ?? false,
            staleAfterSeconds: keys.read(.staleAfter) { try $0.spanSeconds() }, checksum: nil,
            checksumFile: nil,
            signature: signature(keys[.signedBy], keys[.signature], hasList: true),
            image: template(keys[.image], fileName: FileName(""), place: .product),
            decompress: keys.read(.decompress, decompress) ?? .none,
            convert: keys.read(.convert, convert),
            hasProofProperties: keys.read(.proofProperties) { try $0.bool() } ?? false,
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            cacert: keys.read(.cacert) { try $0.absolutePath() },
            auth: keys.read(.auth, authentication),
            headers: keys.read(.headers, headers) ?? [], variables: takeVariables(),
            inspects: keys.read(.inspect) { try $0.bool() } ?? true,
            limitsImages: keys.read(.limits, limitsImages), position: keys.position)
        return SimplestreamsSource(
            index: index, filters: keys.read(.products, filters) ?? [:],
            item: keys.read(.item) { try $0.text() } ?? "disk1.img")
    }

    private func filters(_ value: FileValue) throws(TranshipError) -> [String: [Glob]] {
        var filters: [String: [Glob]] = [:]
        for entry in try value.entries() {
            let value = FileValue(
                reader: self, node: entry.value, path: value.path + ".*",
                label: "`\(entry.key.text)`")
            filters[entry.key.text] = attempt { try value.globs() }
        }
        return filters
    }
}
