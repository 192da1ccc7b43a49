// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The stores that are wanted and do not hold the image's data; read-only
    /// ones are never wanted by `all`.
    public func missing(
        _ wanted: ImportRequest.Stores, of image: Image
    ) async throws(TranshipError) -> [String] {
        switch wanted {
        case .standard: return []
        case .named(let names): return names.filter { !image.stores.contains($0) }
        case .all:
            return try await stores().filter { !$0.isReadOnly }.map(\.id).filter {
                !image.stores.contains($0)
            }
        }
    }
}
