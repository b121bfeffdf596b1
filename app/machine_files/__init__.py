"""The one file of each machine (服务档案, 一机一档): everything the product knows about it on one page, on paper, as PDF. Reads only."""
