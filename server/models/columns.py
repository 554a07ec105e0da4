"""The few types of column that there are."""

from typing import Annotated

from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger
from sqlalchemy.orm import mapped_column

Id = Annotated[bytes, mapped_column(LargeBinary(16))]
Hash = Annotated[bytes, mapped_column(LargeBinary(32))]
Bytes = Annotated[bytes, mapped_column(LargeBinary)]
Count = Annotated[int, mapped_column(BigInteger)]  # seq, n
Second = Annotated[int, mapped_column(BigInteger)]  # unix seconds
Day = Annotated[int, mapped_column(Integer)]  # days since 1970-01-01, UTC
Small = Annotated[int, mapped_column(SmallInteger)]
