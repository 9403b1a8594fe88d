//! Rules of time, L-56 to L-59.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] =
    &[&NO_NOTIFICATION_TIMEOUT, &DELIVERY_TIMEOUT, &REQUEST_STARVED, &SHUTDOWN_TIMEOUT];

/// L-56 `NoTimeout`: Notification requests never time out.
pub static NO_NOTIFICATION_TIMEOUT: Rule = Rule::new(
    "leios/L-56",
    "NoTimeout",
    "Notification requests never time out.",
    "later revision of the seed; a freedom of the server",
    Benign,
);

/// L-57 `DeliveryTimeout`: While anything deliverable is outstanding, some LeiosDeliveries
/// message comes within 60 seconds of the last one, or of the moment there was something
/// outstanding.
pub static DELIVERY_TIMEOUT: Rule = Rule::new(
    "leios/L-57",
    "DeliveryTimeout",
    "While anything deliverable is outstanding, some LeiosDeliveries message comes within 60 \
     seconds of the last one, or of the moment there was something outstanding.",
    "later revision of the seed; the client checks",
    Faulty,
);

/// L-58 `RequestStarved`: No request for deliverables stays unanswered for more than 180 seconds.
pub static REQUEST_STARVED: Rule = Rule::new(
    "leios/L-58",
    "RequestStarved",
    "No request for deliverables stays unanswered for more than 180 seconds.",
    "added, optional; the client checks",
    Faulty,
);

/// L-59 `ShutdownTimeout`: MsgLeiosDone comes within 60 seconds of MsgLeiosDoneRequest.
pub static SHUTDOWN_TIMEOUT: Rule = Rule::new(
    "leios/L-59",
    "ShutdownTimeout",
    "MsgLeiosDone comes within 60 seconds of MsgLeiosDoneRequest.",
    "added; the client checks",
    Faulty,
);
