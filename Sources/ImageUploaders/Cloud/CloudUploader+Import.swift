// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension CloudUploader {
    public func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError) {
        let record = transfer.record
        switch request {
        case .image:
            try await service.importImage(
                try transfer.recordID(),
                ImportRequest(
                    try Self.method(transfer.method, fetchable),
                    stores: record.stores,
                    allStoresMustSucceed: record.stores.areSeveral
                        ? record.allStoresMustSucceed : nil))
        case .copy(let stores):
            try await service.importImage(
                try transfer.recordID(),
                ImportRequest(
                    .copyImage, stores: .named(stores),
                    allStoresMustSucceed: record.allStoresMustSucceed))
        }
    }

    private static func method(
        _ method: UploadMethod, _ fetchable: Fetchable
    ) throws(TranshipError) -> ImportRequest.Method {
        switch (method, fetchable) {
        // With any method: an earlier process staged the data.
        case (.glanceDirect, _), (.upload, _): return .glanceDirect
        case (.webDownload, .openURL(let url)): return .webDownload(uri: url)
        case (.glanceDownload, .siblingImage(let id, let region, let interface)):
            return .glanceDownload(
                region: region, imageID: id,
                interface: EndpointInterface(rawValue: interface))
        case (.webDownload, _), (.glanceDownload, _):
            throw TranshipError(
                .unexpectedState, "\(method.rawValue) cannot fetch what the source has")
        }
    }
}
