// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The state of an image's import, read from the image and its newest task.
///
/// The image alone is not enough: a failed import sets it back to `queued`, its status before the
/// import, and some failures leave it unchanged. The task alone is not enough either: services
/// before API 2.12 do not show the tasks of an image.
public enum ImportState: Sendable, Hashable {
    /// The image waits for its data or for its import. No import is at work.
    case notBegun
    /// An import is at work. The text describes its progress, for people.
    case underWay(String)
    /// The image has its data, and no import is at work. ``Image/failedStores`` may name stores
    /// that did not accept it.
    case succeeded
    /// The import failed, for the reason that the service gives. The image may still have data from
    /// an earlier import.
    case failed(String)
    /// Another client sends data into the image (`saving`). No import does that.
    case someoneElses
    /// The image was deleted or is broken, so it will not get its data any more.
    case lost(ImageStatus)

    /// - Parameter task: the newest task of this import; nil if there is none, or if the service
    ///   does not show tasks.
    public init(of image: Image, task: ImageTask?) {
        let isOpen = task.map { !$0.status.isFinal } ?? false
        switch image.status {
        case .saving:
            self = .someoneElses
        case .active, .deactivated, .queued, .uploading, .importing:
            let hasData = image.status == .active || image.status == .deactivated
            if let task, task.status == .failure {
                self = .failed("its task says: \(task.message.isEmpty ? "nothing" : task.message)")
            } else if hasData, task == nil ? image.importingStores.isEmpty : !isOpen {
                self = .succeeded
            } else if task == nil, image.status == .queued, !image.failedStores.isEmpty {
                let stores = image.failedStores.joined(separator: ", ")
                self = .failed("the service names the failed stores: \(stores)")
            } else if isOpen || hasData || image.status == .importing {
                self = .underWay(Self.progress(image, task))
            } else {
                self = .notBegun
            }
        default:
            self = .lost(image.status)
        }
    }

    private static func progress(_ image: Image, _ task: ImageTask?) -> String {
        if let task, !task.message.isEmpty { return "importing: \(task.message)" }
        let stores = image.importingStores.joined(separator: ", ")
        if !stores.isEmpty { return "importing into \(stores)" }
        return "the service is importing (\(image.status))"
    }
}

extension Image {
    /// True for a record without data that still has a checksum, a hash or stores, left behind by a
    /// body that the service refused. If good data is then sent into the record, it ends active
    /// with the right hash, but the service serves the refused bytes (seen on Glance 33). An empty
    /// text does not count.
    public var isSpoiled: Bool {
        (status == .queued || status == .uploading)
            && (checksum?.isEmpty == false || hashValue?.isEmpty == false || !stores.isEmpty)
    }

    /// The stores that an import has not filled yet (`os_glance_importing_to_stores`).
    public var importingStores: [String] { stores(in: "os_glance_importing_to_stores") }

    /// The stores that the last import did not fill (`os_glance_failed_import`).
    public var failedStores: [String] { stores(in: "os_glance_failed_import") }

    private func stores(in property: String) -> [String] {
        (properties[property]?.string ?? "").split(separator: ",").map(String.init)
    }
}

extension [ImageTask] {
    /// The newest task. The times have whole seconds: of two tasks from the same second, one that
    /// is not finished counts as the newer one.
    public var newest: ImageTask? {
        self.max {
            ($0.createdAt ?? "", $0.status.isFinal ? 0 : 1)
                < ($1.createdAt ?? "", $1.status.isFinal ? 0 : 1)
        }
    }
}
